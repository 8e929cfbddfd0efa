// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import type { AnswerMetadata } from "../../view/chat.ts";
import { mount, serverHtml, serverText } from "../testing/render.tsx";
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

test("a page of hostile answers renders, the same on the server and in the browser", async () => {
	const hostile = ["_a_ __".repeat(10_000), ">".repeat(3_000), "# Fine", "- + ".repeat(1_500), "**a*b".repeat(10_000)];
	const messages = hostile.flatMap((text, at) => [
		{ ...question, id: `m${at}` },
		{ ...answerWith({ state: "complete" }, text), id: `a${at}` },
	]);
	const page = await mount(thread(messages));
	expect(page.root.querySelectorAll("article")).toHaveLength(10);
	expect(page.root.querySelectorAll(".prose > p.whitespace-pre-wrap")).toHaveLength(4);
	const rendered = page.root.textContent;
	page.root.innerHTML = serverHtml(thread(messages));
	expect(page.root.textContent).toBe(rendered);
	page.root.remove();
});
