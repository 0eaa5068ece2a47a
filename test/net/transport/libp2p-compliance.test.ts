import { compliance } from './compliance.ts';

compliance('libp2p');
