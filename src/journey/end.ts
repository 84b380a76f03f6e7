import type { Asked, Decision, End, HookStep, Step } from './journey.ts';

/** What became of a packet, from the steps of its journey. */
export function endOf(steps: readonly Step[]): End {
  const devices = [...new Set(steps.flatMap((step) => (step.kind === 'transmit' ? [step.device] : [])))];
  const last = steps.findLast(
    (step) => step.kind !== 'log' && step.kind !== 'cause' && step.kind !== 'change',
  );
  const hooks = steps.filter((step) => step.kind === 'hook');
  if (last?.kind === 'drop') return dropped(last, hooks, steps, devices);
  if (last?.kind === 'wait') return { kind: 'waiting', devices, text: `waits: ${last.what}` };
  const passed = passedBy(hooks);
  const by = passed ? { by: passed } : {};
  const accepted = passed ? `, accepted by ${decisionText(passed)}` : '';
  if (last?.kind === 'deliver') {
    return { kind: 'delivered', ...by, devices, text: `delivered: ${last.to}${accepted}` };
  }
  if (devices.length > 0) {
    const frames = steps.filter((step) => step.kind === 'transmit').length;
    const parts = frames > 1 ? ` in ${frames} frames` : '';
    return { kind: 'sent', ...by, devices, text: `sent by ${devices.join(', ')}${parts}${accepted}` };
  }
  if (last?.kind === 'hook' && last.verdict !== 'ACCEPT' && last.verdict !== '') {
    const text = `taken by ${last.name} at ${last.hook} (${last.verdict})`;
    return { kind: last.verdict === 'QUEUE' ? 'waiting' : 'stolen', devices, text };
  }
  if (last?.kind === 'fragment') return { kind: 'replaced', devices, text: last.what };
  return { kind: 'delivered', ...by, devices, text: `taken by the host itself${accepted}` };
}

function dropped(
  drop: Extract<Step, { kind: 'drop' }>,
  hooks: readonly HookStep[],
  steps: readonly Step[],
  devices: readonly string[],
): End {
  const hook = hooks.at(-1);
  // A drop right after a function's verdict is that verdict.
  const isVerdict = hook?.verdict === 'DROP' && hook.name === drop.where;
  const line = isVerdict ? hook.asked.at(-1) : undefined;
  const answered = steps.some((step) => step.kind === 'cause') && line?.rule?.includes(' -j REJECT');
  const word = answered ? 'rejected' : 'dropped';
  const by = line && decisionOf(line);
  if (by) return { kind: 'dropped', by, devices, text: `${word} by ${decisionText(by)}` };
  if (line?.outcome === 'missed') {
    const reason = `dropped in ${line.table} ${line.chain}: ${line.rule} cannot be asked`;
    return { kind: 'dropped', devices, text: `${reason}: ${line.value}`, reason };
  }
  if (isVerdict) return { kind: 'dropped', devices, text: `dropped by ${hook.name} at ${hook.hook}` };
  const passed = passedBy(hooks);
  const accepted = passed ? `; ${decisionText(passed)} had accepted it` : '';
  return { kind: 'dropped', devices, text: `dropped: ${drop.reason} (${drop.where})${accepted}` };
}

/** The last line of table filter that let the packet pass; of the last table asked if filter was not. */
function passedBy(hooks: readonly HookStep[]): Decision | undefined {
  const asked = hooks.filter((hook) => hook.asked.length > 0 && hook.verdict === 'ACCEPT');
  const filter = asked.findLast((hook) => hook.asked[0]!.table === 'filter');
  const line = filter?.asked.at(-1);
  return line && decisionOf(line);
}

function decisionOf(line: Asked): Decision | undefined {
  if (line.outcome === 'missed' || line.outcome === 'return') return undefined;
  const { table, chain, number, outcome, rule } = line;
  return { table, chain, number, outcome, ...(rule === undefined ? {} : { rule }) };
}

/** `rule 3 of filter FORWARD: -A FORWARD … -j DROP`, `the policy of filter INPUT`. */
export function decisionText({ table, chain, number, outcome, rule }: Decision): string {
  if (outcome === 'policy') return `the policy of ${table} ${chain}`;
  return `rule ${number} of ${table} ${chain}: ${rule}`;
}
