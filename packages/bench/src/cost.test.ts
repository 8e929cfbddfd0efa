import { expect, test } from "vitest";
import { costOf } from "./cost.ts";
import type { Counted } from "./measure/counts.ts";

const counted: Counted = {
	chats: 1,
	rows: { "user ledger": 5, Conversation: 8, ChatList: 2 },
	alarmsSet: { "user ledger": 2 },
	objectCalls: { "UsageLedger.hold": 1, "UsageLedger.settle": 1, "UsageLedger.alarm": 2, "Conversation.start": 1 },
	d1Queries: 0,
	providerCalls: 2,
	providerCallsBeforeFirstByte: 0,
};
const [metering, all] = costOf("chat", counted);

test("the cost of metering covers only ledger calls and rows", () => {
	expect(metering?.of).toBe("chat: metering");
	expect(metering?.lines["rows written"]).toBeCloseTo(5);
	expect(metering?.lines["object requests"]).toBeCloseTo(4 * 0.15);
});

test("the cost of all objects includes the conversation and the chat list", () => {
	expect(all?.of).toBe("chat: all objects");
	expect(all?.lines["rows written"]).toBeCloseTo(15);
	expect(all?.lines["object requests"]).toBeCloseTo(5 * 0.15);
});

test("the cost of metering covers a row in D1", () => {
	const [inD1] = costOf("chat", { ...counted, rows: { D1: 1, Conversation: 8 }, alarmsSet: {}, objectCalls: { "Conversation.start": 1 } });
	expect(inD1?.lines["rows written"]).toBeCloseTo(1);
	expect(inD1?.lines["object requests"]).toBe(0);
});

test("an alarm is charged for its wait for the provider, and every other call for its own duration", () => {
	// GB-seconds per million chats × $12.50 per million GB-seconds.
	expect(metering?.lines["object time"]).toBeCloseTo(2 * 0.015 * 0.128 * 12.5);
	expect(metering?.lines["outbox time"]).toBeCloseTo(2 * 0.5 * 0.128 * 12.5);
});

test("the Worker's request and CPU time are charged once per chat", () => {
	for (const cost of [metering, all]) {
		expect(cost?.lines["worker request"]).toBeCloseTo(0.3);
		expect(cost?.lines["worker CPU"]).toBeCloseTo(0.1);
	}
});

test("the sum adds up every line", () => {
	for (const cost of [metering, all]) expect(cost?.sum).toBeCloseTo(Object.values(cost?.lines ?? {}).reduce((sum, line) => sum + line, 0));
});

test("a chat without ledger calls costs only the Worker", () => {
	const [nothing] = costOf("chat", { ...counted, rows: {}, alarmsSet: {}, objectCalls: {} });
	expect(nothing?.sum).toBeCloseTo(0.4);
});
