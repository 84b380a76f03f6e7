import { defineMatch, option } from '../extension.ts';
import { integer } from '../values.ts';

export const cpu = defineMatch({
  name: 'cpu',
  summary: 'the CPU that handles the packet',
  source: 'net/netfilter/xt_cpu.c cpu_mt',
  options: {
    cpu: option(integer(0, 0xffffffff), { required: true, invert: true, help: 'Its number, from 0.' }),
  },
  list: ({ cpu: given }) => (given ? ` cpu ${given.inverted ? '! ' : ''}${given.value}` : ''),
  tests: ({ cpu: given }, { services }) =>
    given
      ? [
          {
            option: 'cpu',
            run: () => (services.cpu() === given.value) !== given.inverted,
            explain: () => String(services.cpu()),
          },
        ]
      : [],
});
