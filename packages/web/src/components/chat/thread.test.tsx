import { describe, expect, test } from "vitest";
import type { AnswerMetadata } from "../../view/chat.ts";
import { serverHtml, serverText } from "../testing/render.tsx";
import type { Phase } from "./conversation.ts";
import type { LiveMessage } from "./live-chat.tsx";
import { textOf } from "./message-text.ts";
import { Thread } from "./thread.tsx";

const question: LiveMessage = { id: "m1", role: "user", parts: [{ type: "text", text: "Why <b>?" }] };
const answerWith = (metadata: AnswerMetadata, text = "Because."): LiveMessage => ({
	id: "a1",
	role: "assistant",
	parts: [{ type: "text", text }],
	metadata,
});
const thread = (messages: LiveMessage[], phase: Phase = "idle") => (
	<Thread messages={messages} phase={phase} onEdit={() => {}} onRegenerate={() => {}} />
);

describe("another answer", () => {
	test("is free after a failure that was not counted", () => {
		for (const state of ["failed", "interrupted"] as const) {
			const text = serverText(thread([question, answerWith({ state, counted: false })]));
			expect(text).toContain("Try again");
			expect(text).not.toContain("counts as a new request");
		}
	});

	test("is announced as a new request after any counted answer", () => {
		for (const metadata of [
			{ state: "complete", counted: true },
			{ state: "stopped", counted: true },
			{ state: "failed", counted: true },
			{ state: "interrupted", counted: true },
		] as const) {
			expect(serverText(thread([question, answerWith(metadata)]))).toContain("Ask again · counts as a new request");
		}
	});

	test("is offered for the last answer only", () => {
		const earlier = { ...answerWith({ state: "complete", counted: true }), id: "a0" };
		const text = serverText(thread([question, earlier, { ...question, id: "m2" }, answerWith({ state: "complete", counted: true })]));
		expect(text.match(/Ask again/g)).toHaveLength(1);
	});

	test("is not offered while an answer is being written", () => {
		expect(serverText(thread([question, answerWith({})], "writing"))).not.toMatch(/Ask again|Try again|Edit/);
	});
});

test("the server's status sentence is shown below an ended answer", () => {
	const note = "The model failed. Nothing was counted.";
	expect(serverText(thread([question, answerWith({ state: "failed", counted: false, note })]))).toContain(note);
});

test("a message without an answer claims nothing about the count, and offers a retry", () => {
	expect(serverText(thread([question]))).toContain("There is no answer to this yet.Try again");
});

test("an answer under way is marked busy, also before its first word", () => {
	expect(serverHtml(thread([question], "thinking"))).toContain('aria-busy="true"');
	expect(serverHtml(thread([question], "thinking"))).toContain('aria-label="Thinking"');
	expect(serverHtml(thread([question, answerWith({})], "writing"))).toContain('aria-busy="true"');
});

test("what the viewer wrote is shown as text", () => {
	expect(serverHtml(thread([question]))).toContain("Why &lt;b&gt;?");
});

test("reasoning is folded away and is not part of what is copied", () => {
	const message: LiveMessage = {
		id: "a1",
		role: "assistant",
		parts: [
			{ type: "reasoning", text: "Hmm." },
			{ type: "text", text: "Yes." },
		],
	};
	expect(serverHtml(thread([question, message]))).toMatch(/<details[^>]*><summary[^>]*>What it thought first<\/summary>/);
	expect(textOf(message)).toBe("Yes.");
});
