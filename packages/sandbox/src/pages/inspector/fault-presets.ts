/** Common failures as checkboxes. Everything else is set as JSON. */
import type { Faults } from "../../faults/schema.ts";

export interface FaultPreset {
	id: string;
	label: string;
	detail: string;
	faults: Faults;
}

export interface FaultGroup {
	title: string;
	/** "one" if the presets exclude each other. */
	pick: "one" | "any";
	presets: readonly FaultPreset[];
}

const everyCall = "/api/v1/*";
const everyStripeCall = "/v1/*";

export const faultGroups: readonly FaultGroup[] = [
	{
		title: "Flowglad’s API",
		pick: "one",
		presets: [
			{ id: "down", label: "Down", detail: "503, and no work is done.", faults: { api: [{ path: everyCall, status: 503 }] } },
			{ id: "slow", label: "Slow", detail: "Two seconds before each answer.", faults: { api: [{ path: everyCall, delayMs: 2000 }] } },
			{ id: "hang", label: "Silent", detail: "Accepts the call and never answers.", faults: { api: [{ path: everyCall, hang: true }] } },
			{
				id: "limited",
				label: "Too many requests",
				detail: "429 with Retry-After: 5.",
				faults: { api: [{ path: everyCall, status: 429, headers: { "retry-after": "5" } }] },
			},
			{
				id: "key",
				label: "Key rate-limited",
				detail: "401 in plain text, as the real service answers.",
				faults: { keyRateLimited: true },
			},
			{
				id: "drop",
				label: "Answers get lost",
				detail: "Usage events are recorded, then the connection breaks.",
				faults: {
					api: [
						{ path: "/api/v1/usage-events/*", dropAfterCommit: true },
						{ path: "/api/v1/usage-events", dropAfterCommit: true },
					],
				},
			},
			{
				id: "trickle",
				label: "Trickling",
				detail: "Bodies arrive at 2000 bytes a second.",
				faults: { api: [{ path: everyCall, bodyBytesPerSecond: 2000 }] },
			},
			{ id: "broken", label: "Broken JSON", detail: "200 with half a body.", faults: { api: [{ path: everyCall, invalidJson: true }] } },
			{
				id: "race",
				label: "First visits lose the race",
				detail: "A new customer is created, and the answer is 409.",
				faults: { firstVisitRace: true },
			},
		],
	},
	{
		title: "Stripe’s API",
		pick: "one",
		presets: [
			{ id: "stripe-down", label: "Down", detail: "503, and no work is done.", faults: { api: [{ path: everyStripeCall, status: 503 }] } },
			{
				id: "stripe-slow",
				label: "Slow",
				detail: "Two seconds before each answer.",
				faults: { api: [{ path: everyStripeCall, delayMs: 2000 }] },
			},
			{
				id: "stripe-limited",
				label: "Too many requests",
				detail: "429 with the code rate_limit.",
				faults: { api: [{ path: everyStripeCall, status: 429 }] },
			},
			{
				id: "stripe-drop",
				label: "Answers get lost",
				detail: "The work is done, then the connection breaks.",
				faults: { api: [{ path: everyStripeCall, dropAfterCommit: true }] },
			},
		],
	},
	{
		title: "Money",
		pick: "any",
		presets: [
			{
				id: "activation",
				label: "Plans come late",
				detail: "Purchases take effect after 5 seconds.",
				faults: { activationDelayMs: 5000 },
			},
			{
				id: "settle",
				label: "Payments take a while",
				detail: "The plan starts at once, its credits come after 10 seconds.",
				faults: { paymentDelayMs: 10_000 },
			},
			{
				id: "fail",
				label: "Payments fail later",
				detail: "After the checkout succeeded. A failed first payment ends the plan.",
				faults: { failPayments: true },
			},
			{
				id: "renewals",
				label: "Renewals are declined",
				detail: "Past due, with retries after 3, 5 and 5 days.",
				faults: { declineRenewals: true },
			},
		],
	},
	{
		title: "Webhooks",
		pick: "any",
		presets: [
			{ id: "hook-drop", label: "Lost", detail: "Recorded, never sent.", faults: { webhooks: { drop: true } } },
			{ id: "hook-double", label: "Doubled", detail: "Each is sent twice.", faults: { webhooks: { double: true } } },
			{ id: "hook-late", label: "Late", detail: "Sent a minute late.", faults: { webhooks: { delayMs: 60_000 } } },
			{
				id: "hook-order",
				label: "Newest first",
				detail: "The newest waiting event is sent first.",
				faults: { webhooks: { newestFirst: true } },
			},
			{
				id: "hook-again",
				label: "Answers get lost",
				detail: "The next three are sent again although the app accepted them.",
				faults: { webhooks: { loseAnswers: 3 } },
			},
			{
				id: "hook-signature",
				label: "Forged",
				detail: "The signature does not match the body.",
				faults: { webhooks: { wrongSignature: true } },
			},
		],
	},
	{
		title: "The model",
		pick: "one",
		presets: [
			{
				id: "model-slow",
				label: "Slow",
				detail: "Five seconds to the first word, then four a second.",
				faults: { model: { firstTokenMs: 5000, chunkMs: 250 } },
			},
			{ id: "model-fail", label: "Fails at once", detail: "500 before any word.", faults: { model: { failBeforeOutput: true } } },
			{ id: "model-limited", label: "Too many requests", detail: "429 before any word.", faults: { model: { failBeforeOutput: 429 } } },
			{
				id: "model-dies",
				label: "Dies in mid-answer",
				detail: "The connection breaks after ten words.",
				faults: { model: { failAfterChunks: 10 } },
			},
			{
				id: "model-error",
				label: "Error in mid-answer",
				detail: "An error event after ten words.",
				faults: { model: { errorAfterChunks: 10 } },
			},
			{
				id: "model-silent",
				label: "Falls silent",
				detail: "After ten words, with the connection open.",
				faults: { model: { silentAfterChunks: 10 } },
			},
			{
				id: "model-length",
				label: "Stops short",
				detail: "Ends with finish reason “length”.",
				faults: { model: { finishReason: "length" } },
			},
		],
	},
];
