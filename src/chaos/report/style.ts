/** The style of the report, inlined: nothing is fetched. Contrast of text is at least 4.5 on both grounds. */

export const STYLE = `
:root{--ground:#fff;--text:#1c2430;--soft:#5b6675;--line:#d7dde5;--ok:#17794a;--bad:#c0271d;--normal:#57b586;--mode:#7d9be8;
--outside:#e0a52b;--paused:#a98bd6;--silent:#c9ced6;--down:#e06a5f;--same:#57b586;--other:#e0852b;--fault:#c0271d;--lag:#2166c4;--leases:#8a5bd0;--duplicates:#c0271d}
@media (prefers-color-scheme:dark){:root{--ground:#12161c;--text:#e4e9f0;--soft:#9aa6b5;--line:#2c3540;--ok:#5cc993;--bad:#ff8177;--normal:#2f7d57;
--mode:#4a68b8;--outside:#b5821c;--paused:#7759a6;--silent:#4b5563;--down:#b1443b;--same:#2f7d57;--other:#c26f1e;--fault:#e0584d;--lag:#7db2ff;--leases:#c3a2ff;--duplicates:#ff8177}}
body{margin:0 auto;max-width:1120px;padding:24px 20px 60px;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,sans-serif}
h1{margin:0;font-size:26px}h2{margin:34px 0 10px;font-size:18px}header p{margin:4px 0;color:var(--soft)}
code{font:13px ui-monospace,monospace;color:var(--text)}
.badge{float:right;padding:4px 14px;border:2px solid;border-radius:20px;font-weight:700}.badge.ok,td.ok{color:var(--ok)}.badge.bad,td.bad{color:var(--bad)}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:10px;margin:22px 0 0}
.figures div{padding:8px 12px;border:1px solid var(--line);border-radius:8px}dt{color:var(--soft);font-size:13px}dd{margin:0;font-size:19px;font-weight:600}
table{border-collapse:collapse;width:100%}th,td{padding:7px 10px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{white-space:nowrap;font-weight:600}td.ok,td.bad{font-weight:700}ul{margin:4px 0 0;padding-left:18px;color:var(--soft);font-size:13px;overflow-wrap:anywhere}
svg{width:100%;height:auto;display:block}.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(480px,1fr));gap:18px}
.plots svg text{fill:var(--soft)}
.timeline text{font:11px system-ui,sans-serif;fill:var(--soft)}.timeline text.strong{font-weight:700;fill:var(--text)}.timeline text.small{font-size:9px}
.timeline text.onfault{fill:#fff;font-weight:700}.grid{stroke:var(--line);fill:none}.shade{fill:var(--fault);opacity:.07}.line{fill:none;stroke-width:1.4}
.legend{color:var(--soft);font-size:13px}.legend span{display:inline-block;margin-right:14px}.legend i{display:inline-block;width:12px;height:12px;margin-right:5px;border-radius:3px;vertical-align:-1px}
.notes{columns:2;padding-left:0;list-style:none;font-size:13px;color:var(--soft)}.notes b{color:var(--text);font-weight:600}
${['normal', 'mode', 'outside', 'paused', 'silent', 'down', 'same', 'other', 'fault']
  .map((name) => `rect.${name}{fill:var(--${name})}i.${name}{background:var(--${name})}`)
  .join('')}
${['lag', 'leases', 'duplicates'].map((name) => `path.${name}{stroke:var(--${name})}i.${name}{background:var(--${name})}`).join('')}
`;
