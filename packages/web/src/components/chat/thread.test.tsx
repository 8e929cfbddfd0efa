// @vitest-environment happy-dom
import { act, useState } from "react";
import { describe, expect, test, vi } from "vitest";
import type { AnswerMetadata, Price } from "../../view/chat.ts";
import { mount, serverHtml, serverText } from "../testing/render.tsx";
import type { Phase } from "./conversation.ts";
import EndOfAnswer from "./end-of-answer.tsx";
import type { LiveMessage } from "./live-chat.tsx";
import { textOf } from "./message-text.ts";
import { readFromOf, Thread, type ThreadProps } from "./thread.tsx";

const question: LiveMessage = { id: "m1", role: "user", parts: [{ type: "text", text: "Why <b>?" }] };
const answerWith = (metadata: AnswerMetadata, text = "Because."): LiveMessage => ({
	id: "a1",
	role: "assistant",
	parts: [{ type: "text", text }],
	metadata,
});
const priceFor = (text: string): Price => ({ units: text.length > 10 ? 4 : 1, model: "m", effort: null, whole: false });
const reading: ThreadProps["reading"] = { from: undefined, reads: "newest", otherUnits: 5, onWhole: () => {} };
/** A thread within a page that tracks which message is being edited. */
function EditableThread(props: Omit<ThreadProps, "editing" | "onEditing">) {
	const [editing, onEditing] = useState<string>();
	return <Thread {...props} editing={editing} onEditing={onEditing} />;
}
const thread = (messages: LiveMessage[], phase: Phase = "idle", more: Partial<ThreadProps> = {}) => (
	<EditableThread
		messages={messages}
		phase={phase}
		priceFor={priceFor}
		unreadable={() => ""}
		unreadableFiles={() => ""}
		labelOf={(model) => (model === "m" ? "GPT-5" : "")}
		onEdit={() => {}}
		onVersion={() => {}}
		onBranch={() => {}}
		onRegenerate={() => {}}
		onSend={() => {}}
		reading={{ ...reading, from: readFromOf(messages) }}
		{...more}
	/>
);

describe("regenerating", () => {
	test("is free after a failure that was not counted", () => {
		for (const state of ["failed", "interrupted"] as const) {
			const text = serverText(thread([question, answerWith({ state, counted: false })]));
			expect(text).toContain("Try again");
			expect(text).not.toContain("uses 1 request");
		}
	});

	test("is announced as a new request after any counted answer", () => {
		for (const metadata of [
			{ state: "complete", counted: true },
			{ state: "stopped", counted: true },
			{ state: "failed", counted: true },
			{ state: "interrupted", counted: true },
		] as const) {
			expect(serverText(thread([question, answerWith(metadata)]))).toContain("Ask again · uses 1 request");
		}
	});

	test("is offered for the last answer only", () => {
		const earlier = { ...answerWith({ state: "complete", counted: true }), id: "a0" };
		const text = serverText(thread([question, earlier, { ...question, id: "m2" }, answerWith({ state: "complete", counted: true })]));
		expect(text.match(/Ask again/g)).toHaveLength(1);
	});

	test("is not offered while an answer streams", () => {
		expect(serverText(thread([question, answerWith({})], "writing"))).not.toMatch(/Ask again|Try again|Edit/);
	});
});

test("how an answer ended is shown below it", () => {
	const failed = { state: "failed", counted: false, rule: "failed-midway", reference: "req_1" } as const;
	expect(serverText(<EndOfAnswer metadata={failed} />)).toBe("That answer failed, so it was not counted. Reference for support: req_1");
});

test("a message without an answer makes no claim about the count, and offers a retry", () => {
	expect(serverText(thread([question]))).toContain("There is no answer to this yet.Try again");
});

test("a running answer is marked busy, also before its first word", () => {
	expect(serverHtml(thread([question], "thinking"))).toContain('aria-busy="true"');
	expect(serverHtml(thread([question], "thinking"))).toContain('aria-label="Thinking"');
	expect(serverHtml(thread([question, answerWith({})], "writing"))).toContain('aria-busy="true"');
});

test("what the viewer wrote is shown as text", () => {
	expect(serverHtml(thread([question]))).toContain("Why &lt;b&gt;?");
});

test("reasoning is collapsed and not part of the copied text", () => {
	const message: LiveMessage = {
		id: "a1",
		role: "assistant",
		parts: [
			{ type: "reasoning", text: "Hmm." },
			{ type: "text", text: "Yes." },
		],
	};
	expect(serverHtml(thread([question, message]))).toMatch(/<details[^>]*><summary[^>]*>Reasoning<\/summary>/);
	expect(textOf(message)).toBe("Yes.");
});

describe("the reasoning time", () => {
	const thought = (thoughtMs: number | undefined, reasoning = "Hmm.", text = "Yes."): LiveMessage => ({
		id: "a1",
		role: "assistant",
		parts: [
			{ type: "reasoning", text: reasoning },
			{ type: "text", text },
		],
		metadata: { ...(thoughtMs !== undefined && { thoughtMs }) },
	});

	test.each([
		[12_400, "Thought for 12 s"],
		[40, "Thought for 1 s"],
		[60_000, "Thought for 1 min 0 s"],
		[185_000, "Thought for 3 min 5 s"],
		[undefined, "Reasoning"],
	])("%s ms is shown as “%s” on the one collapsed block", (thoughtMs, title) => {
		const html = serverHtml(thread([question, thought(thoughtMs)]));
		expect(html.match(/<details/g)).toHaveLength(1);
		expect(html).not.toContain("<details open");
		expect(html).toContain(`>${title}</summary>`);
	});

	test("is not shown before the answer's first word", () => {
		expect(serverHtml(thread([question, thought(undefined, "Hmm.", "")], "thinking"))).toContain(">Thinking…</summary>");
	});

	test("has a line of its own if the model does not return its reasoning", () => {
		const html = serverHtml(thread([question, thought(12_000, "")]));
		expect(html).toContain("Thought for 12 s");
		expect(html).not.toContain("<details");
	});
});

test("each answer shows its model, time and price below", () => {
	const factsOf = (metadata: AnswerMetadata) => serverText(thread([question, answerWith({ model: "m", ...metadata })]));
	const askedAt = "2026-11-29T14:05:00.000Z";
	expect(factsOf({ state: "complete", counted: true, units: 12, askedAt })).toContain("GPT-5 · Nov 29, 2:05 PM UTC · 12 requests");
	expect(factsOf({ state: "complete", counted: true, units: 1 })).toContain("GPT-5 · 1 request");
	expect(factsOf({ state: "failed", counted: false, units: 12 })).toContain("GPT-5 · not counted");
	expect(factsOf({ state: "stopped" })).toMatch(/GPT-5$/);
});

test("a question that the chosen model cannot read cannot be resent, and the page says why", async () => {
	const why = "GPT-5 can’t read images.";
	const unreadable = { unreadable: ({ role }: LiveMessage) => (role === "user" ? why : ""), unreadableFiles: () => why };
	for (const messages of [[question, answerWith({ state: "complete", counted: true })], [question]]) {
		const text = serverText(thread(messages, "idle", unreadable));
		expect(text).toContain(why);
		expect(text).not.toMatch(/Ask again|Try again/);
	}
	const onEdit = vi.fn();
	const page = await mount(thread([question, answerWith({ state: "complete" })], "idle", { ...unreadable, onEdit }));
	await page.press("Edit");
	const area = page.root.querySelector("textarea");
	await act(async () => {
		Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value")?.set?.call(area, "Other words");
		area?.dispatchEvent(new Event("input", { bubbles: true }));
	});
	await act(async () => area?.form?.requestSubmit());
	expect(onEdit).not.toHaveBeenCalled();
	await page.unmount();
});

describe("a follow-up action", () => {
	const long = { ...question, parts: [{ type: "text" as const, text: "A question of more than ten characters" }] };

	test("shows its price: regenerate, retry, edit", async () => {
		expect(serverText(thread([long, answerWith({ state: "complete", counted: true })]))).toContain("Ask again · uses 4 requests");
		expect(serverText(thread([long, answerWith({ state: "failed", counted: false })]))).toContain("Try again · 4 requests");
		expect(serverText(thread([long]))).toContain("Try again · 4 requests");
		const onEdit = vi.fn();
		const page = await mount(thread([question, answerWith({ state: "complete" })], "idle", { onEdit }));
		await page.press("Edit");
		expect(page.text()).toContain("Uses 1 request. This version is kept.");
		const area = page.root.querySelector("textarea");
		await act(async () => {
			Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value")?.set?.call(area, "More than ten characters");
			area?.dispatchEvent(new Event("input", { bubbles: true }));
		});
		expect(page.text()).toContain("Save and send · 4 requests");
		await act(async () => page.button("Save and send · 4 requests").form?.requestSubmit());
		expect(onEdit).toHaveBeenCalledExactlyOnceWith("m1", "More than ten characters", expect.objectContaining({ units: 4 }), []);
		await page.unmount();
	});

	test("may continue an answer that reached the output limit", async () => {
		const onSend = vi.fn();
		const page = await mount(thread([question, answerWith({ state: "length", counted: true })], "idle", { onSend }));
		await page.press("Continue · 1 request");
		expect(onSend).toHaveBeenCalledExactlyOnceWith("Continue", expect.objectContaining({ units: 1 }));
		await page.unmount();
		expect(serverText(thread([question, answerWith({ state: "complete", counted: true })]))).not.toContain("Continue");
	});
});

describe("the edit form", () => {
	const file = (name: string) => ({ type: "file", url: `/api/chat/c/files/${name}`, mediaType: "text/plain", filename: name }) as const;
	const withFiles: LiveMessage = { ...question, parts: [file("a.txt"), file("b.txt"), { type: "text", text: "Look" }] };
	const answered = answerWith({ state: "complete", counted: true });

	test("shows the message's files and sends the remaining ones", async () => {
		const onEdit = vi.fn();
		const page = await mount(thread([withFiles, answered], "idle", { onEdit }));
		await page.press("Edit");
		await page.press("Remove a.txt");
		await act(async () => page.button("Save and send").form?.requestSubmit());
		expect(onEdit).toHaveBeenCalledExactlyOnceWith("m1", "Look", expect.anything(), [file("b.txt")]);
		await page.unmount();
	});

	test("does not send an empty message", async () => {
		const onEdit = vi.fn();
		const page = await mount(thread([{ ...question, parts: [file("a.txt")] }, answered], "idle", { onEdit }));
		await page.press("Edit");
		await page.press("Remove a.txt");
		expect(page.text()).toContain("Write something, or keep a file.");
		await act(async () => page.button("Save and send").form?.requestSubmit());
		expect(onEdit).not.toHaveBeenCalled();
		await page.unmount();
	});

	test("keeps its text when an answer begins elsewhere, and cannot be sent until it ends", async () => {
		const onEdit = vi.fn();
		const page = await mount(thread([question, answered], "idle", { onEdit }));
		await page.press("Edit");
		const area = page.root.querySelector("textarea");
		await act(async () => {
			Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value")?.set?.call(area, "Changed");
			area?.dispatchEvent(new Event("input", { bubbles: true }));
		});
		await page.render(thread([question, answered], "writing", { onEdit }));
		expect(page.root.querySelector("textarea")?.value).toBe("Changed");
		await act(async () => page.button("Save and send").form?.requestSubmit());
		expect(onEdit).not.toHaveBeenCalled();
		await page.render(thread([question, answered], "idle", { onEdit }));
		await act(async () => page.button("Save and send").form?.requestSubmit());
		expect(onEdit).toHaveBeenCalledTimes(1);
		await page.unmount();
	});
});

describe("versions", () => {
	const versions = { turns: [4, 7, 9], at: 1 };
	const asked: LiveMessage = { ...question, metadata: { versions: { turns: [1, 4], at: 0 } } };
	const answered = answerWith({ state: "complete", counted: true, versions });

	test("are named for screen readers, and switched by buttons that keep focus at either end", async () => {
		const onVersion = vi.fn();
		const page = await mount(thread([asked, answered], "idle", { onVersion }));
		const groups = [...page.root.querySelectorAll("fieldset")];
		expect(groups.map((group) => group.getAttribute("aria-label"))).toEqual(["Version 1 of 2", "Version 2 of 3"]);
		const [ofQuestion, ofAnswer] = groups;
		const press = (group: Element | undefined, name: string) =>
			act(async () => group?.querySelector<HTMLButtonElement>(`[aria-label="${name}"]`)?.click());
		await press(ofQuestion, "Previous version");
		expect(onVersion).not.toHaveBeenCalled();
		await press(ofQuestion, "Next version");
		expect(onVersion).toHaveBeenLastCalledWith(4, "question");
		await press(ofAnswer, "Previous version");
		expect(onVersion).toHaveBeenLastCalledWith(4, "answer");
		await act(async () => ofAnswer?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true })));
		expect(onVersion).toHaveBeenLastCalledWith(9, "answer");
		// Another version replaces the one shown, and its button keeps its place.
		const button = ofAnswer?.querySelector("button");
		await page.render(thread([asked, { ...answered, id: "a9", metadata: { ...answered.metadata, versions: { ...versions, at: 2 } } }]));
		expect(page.root.querySelectorAll("fieldset")[1]?.querySelector("button")).toBe(button);
		await page.unmount();
	});

	test("cannot be switched while an answer streams, and are hidden if there is only one", () => {
		expect(serverHtml(thread([asked, answerWith({})], "writing"))).toContain('aria-label="Next version" aria-disabled="true"');
		expect(serverHtml(thread([question, answerWith({ state: "complete", counted: true })]))).not.toContain("<fieldset");
	});

	test("are not created by an unchanged edit", async () => {
		const onEdit = vi.fn();
		const page = await mount(thread([question, answered], "idle", { onEdit }));
		await page.press("Edit");
		await act(async () => page.button("Save and send").form?.requestSubmit());
		expect(onEdit).not.toHaveBeenCalled();
		expect(page.root.querySelector("textarea")).toBeNull();
		await page.unmount();
	});

	test("can be branched into a chat of their own, from any message", async () => {
		const onBranch = vi.fn();
		const page = await mount(thread([question, answered], "idle", { onBranch }));
		for (const button of page.root.querySelectorAll<HTMLButtonElement>('[aria-label="Branch into a new chat"]'))
			await act(async () => button.click());
		expect(onBranch.mock.calls).toEqual([["m1"], ["a1"]]);
		await page.unmount();
	});
});

describe("the explanation of a count", () => {
	test.each([
		[
			{
				state: "complete",
				counted: true,
				units: 3,
				rule: "complete",
				spent: { input: 1_200, output: 34, estimated: false },
				askedAt: "2026-11-29T14:05:00.000Z",
				tookMs: 2_340,
			},
			["3 requests", "The answer is complete", "1,200 read, 34 written", "took 2.3 s"],
		],
		[{ state: "failed", counted: false, rule: "failed-midway" }, ["No", "in the middle of an answer", "trying again is free"]],
		[{ state: "failed", counted: true, rule: "failed-midway" }, ["1 request", "in the middle of an answer", "Then they count."]],
		[{ state: "complete", counted: true }, ["1 request"]],
		[{ state: "complete", counted: true, instructions: 1_200 }, ["Instructions1,200 tokens in the price"]],
	] as const)("names its rule, price and tokens: %j", async (metadata, expected) => {
		const page = await mount(thread([question, answerWith(metadata)]));
		await page.press("Why");
		await vi.waitFor(() => expect(page.root.querySelector("dl")).not.toBeNull(), 10_000);
		for (const text of expected) expect(page.root.querySelector("dl")?.textContent).toContain(text);
		await page.unmount();
	});
});

describe("the start of the model's context", () => {
	const older = [
		{ ...question, id: "m0" },
		{ ...answerWith({ state: "complete", counted: true, readFrom: "m9" }), id: "a0" },
	];
	const read = [...older, question, answerWith({ state: "complete", counted: true, readFrom: "m1" })];

	test("is marked before the oldest message in the last answer's context", () => {
		const text = serverText(thread(read));
		expect(text.match(/The model reads from here\./g)).toHaveLength(1);
		expect(text.indexOf("The model reads from here.")).toBeGreaterThan(text.indexOf("Because."));
		expect(serverText(thread(older))).not.toContain("The model reads from here.");
	});

	test("stays marked while the next answer streams", () => {
		const writing = [...read, { ...question, id: "m2" }, { ...answerWith({}), id: "a2" }];
		expect(serverText(thread(writing, "writing"))).toContain("The model reads from here.");
	});

	test("offers to include the whole chat, at its price, and to undo that", async () => {
		const onWhole = vi.fn();
		const page = await mount(thread(read, "idle", { reading: { ...reading, from: "m1", onWhole } }));
		await page.press("Include the whole chat · 5 requests each");
		expect(onWhole).toHaveBeenCalledExactlyOnceWith(true);
		await page.render(thread(read, "idle", { reading: { from: "m1", reads: "whole", otherUnits: 1, onWhole } }));
		expect(page.text()).toContain("Your next message includes the whole chat.");
		await page.press("Only the newest messages · 1 request each");
		expect(onWhole).toHaveBeenLastCalledWith(false);
		await page.unmount();
	});

	test("offers nothing more once the chat exceeds the model's context", () => {
		const html = serverHtml(thread(read, "idle", { reading: { ...reading, from: "m1", reads: "full" } }));
		expect(html).toContain("This chat is longer than the model can read. It reads from here.");
		expect(html).not.toContain("Include the whole chat");
	});
});

test("a page of hostile answers renders, each by itself", async () => {
	const hostile = ["_a_ __".repeat(50_000), ">".repeat(3_000), "# Fine", "- + ".repeat(1_500), "**a*b".repeat(60_000)];
	const messages = hostile.flatMap((text, at) => [
		{ ...question, id: `m${at}` },
		{ ...answerWith({ state: "complete" }, text), id: `a${at}` },
	]);
	const page = await mount(thread(messages));
	await vi.waitFor(
		async () => {
			await act(async () => {});
			expect(page.root.querySelector(".prose h2")?.textContent).toBe("Fine");
		},
		{ timeout: 30_000 },
	);
	expect(page.root.querySelectorAll("article .prose")).toHaveLength(5);
	expect(page.root.querySelectorAll(".prose > p.whitespace-pre-wrap")).toHaveLength(2);
	await page.unmount();
}, 60_000);
