/** Property tests take the same examples in every run, but for the long ones, which look for new ones. */
import fc from 'fast-check';

if (process.env.FIVEHOOKS_LONG === undefined) fc.configureGlobal({ seed: 20260101 });
