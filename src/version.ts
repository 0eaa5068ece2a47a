/** The version of this program. A constant, since `package.json` lies elsewhere in a package than in a checkout. */

export const VERSION = '0.1.0';
