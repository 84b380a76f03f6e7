import { IPPROTO_DSTOPTS } from '../../wire/protocols.ts';
import { optionsMatch } from '../options6.ts';

export const dst = optionsMatch({
  name: 'dst',
  kind: IPPROTO_DSTOPTS,
  title: 'destination options header',
  padHasNoLength: "PAD0 hasn't got length",
});
