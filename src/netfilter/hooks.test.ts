import { describe, expect, test } from 'vitest';
import { ERRNO, FORWARD, OUTPUT, PREROUTING } from './constants.ts';
import { Hooks } from './hooks.ts';
import { Packet } from './packet.ts';
import { NumberedQueues, type QueuedPacket } from './queues.ts';
import { ACCEPT, DROP, dropWithError, queueTo, REPEAT, STOLEN, type Verdict } from './verdict.ts';

function bench() {
  const queues = new NumberedQueues();
  const hooks = new Hooks(queues);
  const dropped: Packet[] = [];
  const arrived: Packet[] = [];
  hooks.onDrop = (packet) => dropped.push(packet);
  const next = (packet: Packet) => {
    arrived.push(packet);
    return 0;
  };
  const packet = new Packet();
  packet.reset();
  packet.resize(20);
  packet.bytes[packet.network] = 0x45;
  const run = () => hooks.run(packet, 4, FORWARD, 1, 2, next);
  return { queues, hooks, dropped, arrived, packet, next, run };
}

const answers = (verdict: Verdict) => () => verdict;

describe('order and verdicts', () => {
  test('functions run by priority, equal ones as registered, whatever the order of registration', () => {
    const { hooks, run } = bench();
    const order: string[] = [];
    for (const [name, priority] of [
      ['c', 10],
      ['a', -300],
      ['d', 10],
      ['b', 0],
    ] as const) {
      hooks.register({
        name,
        hook: FORWARD,
        priority,
        run: () => {
          order.push(name);
          return ACCEPT;
        },
      });
    }
    expect(run()).toBe(0);
    expect(order).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a function sees only its own family and hooks', () => {
    const { hooks, run, arrived } = bench();
    hooks.register({ name: 'six', family: 6, hook: FORWARD, priority: 0, run: answers(DROP) });
    hooks.register({ name: 'other hook', hook: [PREROUTING, OUTPUT], priority: 0, run: answers(DROP) });
    run();
    expect(arrived).toHaveLength(1);
  });

  test('DROP ends with EPERM, or with the error it carries', () => {
    const { hooks, run, dropped, arrived } = bench();
    const remove = hooks.register({ name: 'd', hook: FORWARD, priority: 0, run: answers(DROP) });
    expect(run()).toBe(-ERRNO.EPERM);
    remove();
    hooks.register({
      name: 'e',
      hook: FORWARD,
      priority: 0,
      run: answers(dropWithError(ERRNO.EHOSTUNREACH)),
    });
    expect(run()).toBe(-ERRNO.EHOSTUNREACH);
    expect(dropped).toHaveLength(2);
    expect(arrived).toHaveLength(0);
  });

  test("STOLEN is the function's own: neither dropped nor going on", () => {
    const { hooks, run, dropped, arrived } = bench();
    hooks.register({ name: 's', hook: FORWARD, priority: 0, run: answers(STOLEN) });
    expect(run()).toBe(0);
    expect([dropped.length, arrived.length]).toEqual([0, 0]);
  });

  test('REPEAT asks the same function again; one that never stops is cut off', () => {
    const { hooks, run, dropped, arrived } = bench();
    let asked = 0;
    const remove = hooks.register({
      name: 'r',
      hook: FORWARD,
      priority: 0,
      run: () => (++asked < 3 ? REPEAT : ACCEPT),
    });
    run();
    expect([asked, arrived.length]).toEqual([3, 1]);
    remove();
    hooks.register({ name: 'for ever', hook: FORWARD, priority: 0, run: answers(REPEAT) });
    expect(run()).toBe(-ERRNO.EPERM);
    expect(dropped).toHaveLength(1);
  });

  test('a function that sends a packet of its own does not disturb the state of the outer one', () => {
    const { hooks, packet, run, next } = bench();
    const seen: number[] = [];
    hooks.register({
      name: 'outer',
      hook: FORWARD,
      priority: 0,
      run: (_, state) => {
        hooks.run(packet, 4, OUTPUT, 0, 7, next);
        seen.push(state.hook, state.inDevice, state.outDevice);
        return ACCEPT;
      },
    });
    hooks.register({ name: 'inner', hook: OUTPUT, priority: 0, run: answers(ACCEPT) });
    run();
    expect(seen).toEqual([FORWARD, 1, 2]);
  });

  test('a function taken out while a packet is in the hook is still asked about that packet', () => {
    const { hooks, run } = bench();
    const order: string[] = [];
    let remove = () => {};
    hooks.register({
      name: 'first',
      hook: FORWARD,
      priority: 0,
      run: () => {
        remove();
        return ACCEPT;
      },
    });
    remove = hooks.register({
      name: 'second',
      hook: FORWARD,
      priority: 1,
      run: () => {
        order.push('second');
        return ACCEPT;
      },
    });
    run();
    run();
    expect(order).toEqual(['second']);
  });

  test('a priority that is no 32-bit integer is refused', () => {
    const { hooks } = bench();
    expect(() => hooks.register({ name: 'x', hook: FORWARD, priority: 1.5, run: answers(ACCEPT) })).toThrow(
      "hook function 'x': priority 1.5",
    );
  });
});

describe('queues', () => {
  test('without a listener: dropped, or on its way with bypass', () => {
    const { hooks, run, dropped, arrived } = bench();
    const remove = hooks.register({ name: 'q', hook: FORWARD, priority: 0, run: answers(queueTo(3)) });
    run();
    expect([dropped.length, arrived.length]).toEqual([1, 0]);
    remove();
    hooks.register({ name: 'q', hook: FORWARD, priority: 0, run: answers(queueTo(3, true)) });
    run();
    expect([dropped.length, arrived.length]).toEqual([1, 1]);
  });

  test('an answer that comes later: the packet goes on behind the function, changed', () => {
    const { hooks, queues, run, arrived, packet } = bench();
    const order: string[] = [];
    hooks.register({ name: 'q', hook: FORWARD, priority: 0, run: answers(queueTo(3)) });
    hooks.register({
      name: 'after',
      hook: FORWARD,
      priority: 1,
      run: (seen) => {
        order.push(`mark ${seen.mark}, ${seen.length} bytes`);
        return ACCEPT;
      },
    });
    let waiting: QueuedPacket | undefined;
    let answer: ((verdict: Verdict) => boolean) | undefined;
    queues.listen(3, (queued, give) => {
      waiting = queued;
      const payload = new Uint8Array(24);
      payload[0] = 0x45;
      answer = (verdict) => give(queued.id, verdict, { payload, mark: -1 });
    });
    expect(run()).toBe(0);
    expect(arrived).toHaveLength(0);
    expect(waiting).toMatchObject({ queue: 3, hook: FORWARD, family: 4, inDevice: 1, outDevice: 2 });
    expect(queues.length(3)).toBe(1);
    expect(answer?.(ACCEPT)).toBe(true);
    expect(answer?.(ACCEPT)).toBe(false);
    expect(order).toEqual(['mark 4294967295, 24 bytes']);
    expect(arrived).toEqual([packet]);
  });

  test('REPEAT as an answer asks the function that queued it again; QUEUE moves it to another queue', () => {
    const { hooks, queues, run, arrived } = bench();
    let asked = 0;
    hooks.register({
      name: 'q',
      hook: FORWARD,
      priority: 0,
      run: () => (++asked === 1 ? queueTo(1) : ACCEPT),
    });
    queues.listen(1, (queued, give) => give(queued.id, queueTo(2)));
    queues.listen(2, (queued, give) => give(queued.id, REPEAT));
    run();
    expect([asked, arrived.length]).toEqual([2, 1]);
  });

  test('a full queue drops, or lets go on with fail-open; when the listener leaves, what waits is dropped', () => {
    for (const failOpen of [false, true]) {
      const { hooks, queues, run, dropped, arrived } = bench();
      hooks.register({ name: 'q', hook: FORWARD, priority: 0, run: answers(queueTo(0)) });
      const leave = queues.listen(0, () => {}, { maxLength: 2, failOpen });
      run();
      run();
      run();
      expect([dropped.length, arrived.length]).toEqual(failOpen ? [0, 1] : [1, 0]);
      leave();
      expect(dropped).toHaveLength(failOpen ? 2 : 3);
      expect(queues.length(0)).toBe(0);
    }
  });

  test('what is no packet is refused, and the one that waits goes on waiting', () => {
    const { hooks, queues, run } = bench();
    hooks.register({ name: 'q', hook: FORWARD, priority: 0, run: answers(queueTo(0)) });
    let give: ((payload: Uint8Array) => boolean) | undefined;
    queues.listen(0, (queued, answer) => {
      give = (payload) => answer(queued.id, ACCEPT, { payload });
    });
    run();
    expect(() => give?.(new Uint8Array(10))).toThrow('no IPv4 packet');
    expect(() => give?.(new Uint8Array(65536))).toThrow('no IPv4 packet');
    expect(queues.length(0)).toBe(1);
  });

  test('numbers and lengths out of range, and a second listener, are refused', () => {
    const { queues } = bench();
    expect(() => queues.listen(65536, () => {})).toThrow('queue 65536: must be 0 to 65535');
    expect(() => queues.listen(1, () => {}, { maxLength: 0 })).toThrow('maxLength 0');
    queues.listen(1, () => {});
    expect(() => queues.listen(1, () => {})).toThrow('somebody listens there already');
  });
});
