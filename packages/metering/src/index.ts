export { type FreeDay, type Standing, standing } from "./balance.ts";
export { sumOfTotals } from "./daily.ts";
export { KeptSums, type Marks, type SumsSource } from "./kept-sums.ts";
export { type Command, decide, type HoldCommand, type Outcome } from "./ledger.ts";
export { type Member, shareOf } from "./member.ts";
export { deadLetters, isDeadLetter, nextBatch, nextDueMs, type Report, retryDelayMs } from "./outbox.ts";
export {
	EFFORTS,
	type Effort,
	IMAGE_TOKENS,
	MESSAGE_TOKENS,
	type Price,
	priceOf,
	type Spent,
	type Tariff,
	type Terms,
	tokensOf,
} from "./price.ts";
export { type NotRaised, type RaiseCommand, unitsAtHold } from "./raise.ts";
export { type Baseline, baselineOf, driftBetween, isSamePeriod } from "./reconciliation.ts";
export type { Refusal } from "./refusal.ts";
export { fold, foldable } from "./retention.ts";
export {
	type Adjustment,
	type Checkpoint,
	type DayTotals,
	type Entries,
	isCounted,
	isFinal,
	isOwed,
	type LedgerState,
	ledgerTimeMs,
	type RequestRow,
	type Share,
} from "./rows.ts";
export type { Adjusted, PoolSums } from "./tally.ts";
export { allowanceOf, DEFAULT_LIMITS, type Entitlement, isOver, isTrusted, type Limits, type SubjectKind, subscriptionOf } from "./tier.ts";
export {
	type AnswerEnd,
	BOUND_OF_FORGIVENESS,
	type ChatStatus,
	type Ended,
	type Failure,
	IN_SHORT,
	type Output,
	RAISES_MAX,
	type Release,
	type RuleName,
	ruleNameOf,
	WHO_PAYS,
	whoPays,
} from "./who-pays.ts";
export { dayOf, utcDay } from "./window.ts";
