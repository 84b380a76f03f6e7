import { IPPROTO_ESP } from '../../wire/protocols.ts';
import { spiMatch } from '../spi.ts';

export const esp = spiMatch({
  name: 'esp',
  protocol: IPPROTO_ESP,
  option: 'espspi',
  field: 'esp.spi',
  summary: 'SPI of an encrypted packet',
  source: 'net/netfilter/xt_esp.c esp_mt',
  list: (shown) => ` esp${shown && ` ${shown}`}`,
});
