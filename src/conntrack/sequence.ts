/**
 * How far a helper's rewriting has moved the sequence numbers of one direction (struct nf_ct_seqadj).
 * All are unsigned 32-bit but the offsets, which are signed.
 */
export interface SequenceAdjustment {
  /** Sequence number from which `offsetAfter` holds. */
  correctionPosition: number;
  offsetBefore: number;
  offsetAfter: number;
}
