import { compliance } from './compliance.ts';

compliance('memory');
