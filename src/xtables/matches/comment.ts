import { defineMatch, option } from '../extension.ts';
import { text } from '../values.ts';

export const comment = defineMatch({
  name: 'comment',
  summary: 'a remark of up to 256 characters that matches every packet',
  source: 'net/netfilter/xt_comment.c comment_mt',
  options: {
    comment: option(text(255), { required: true, help: 'The remark.' }),
  },
  list: ({ comment: given }) => ` /* ${given?.value ?? ''} */`,
});
