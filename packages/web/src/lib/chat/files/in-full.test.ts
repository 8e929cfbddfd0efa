import { describe, expect, test } from "vitest";
import type { FilePart } from "../../../view/chat.ts";
import type { SentMessage } from "../history.ts";
import { inFull } from "./in-full.ts";

const MIB = 1024 * 1024;
const file = (filename: string, bytes = 3): FilePart => ({
	type: "file",
	url: `/api/chat/c/files/${filename}`,
	mediaType: filename.endsWith(".png") ? "image/png" : "text/plain",
	filename,
	providerMetadata: { parley: { bytes, tokens: 10 } },
});
const asks = (content: string, ...files: FilePart[]): SentMessage => ({ role: "user", content, files });
const answers: SentMessage = { role: "assistant", content: "Yes." };

/** The messages sent to the model and the files that were read. */
async function sent(messages: SentMessage[], { sees = true, missing = "" } = {}) {
	const read: string[] = [];
	const out = await inFull(messages, sees ? ["text", "image"] : ["text"], async ({ filename }) => {
		read.push(filename);
		return filename === missing ? null : new TextEncoder().encode(`bytes of ${filename}`);
	});
	return { out: out.map(({ content }) => content), read };
}

describe("the files of messages", () => {
	test("come before the text: images as bytes, everything else as named text", async () => {
		const { out } = await sent([asks("What?", file("a.png"), file("b.py"))]);
		expect(out).toEqual([
			[
				{ type: "file", data: new TextEncoder().encode("bytes of a.png"), mediaType: "image/png" },
				{ type: "text", text: '<file name="b.py">\nbytes of b.py\n</file>' },
				{ type: "text", text: "What?" },
			],
		]);
	});

	test("leave a message without files unchanged", async () => {
		expect(await sent([asks("Hello"), answers, { role: "user", content: "Bye" }])).toEqual({ out: ["Hello", "Yes.", "Bye"], read: [] });
	});

	test("include images only for models that see; for others they are named and not read", async () => {
		const { out, read } = await sent([asks("What?", file("a.png")), answers, asks("And?")], { sees: false });
		expect(out[0]).toEqual([
			{ type: "text", text: "[An image that is not shown to you: a.png]" },
			{ type: "text", text: "What?" },
		]);
		expect(read).toEqual([]);
	});

	test("include the newest images up to 12 MiB in total, so that a long chat of images fits into memory", async () => {
		const messages = [
			asks("1", file("1.png", MIB)),
			answers,
			asks("2", file("2.png", 8 * MIB)),
			answers,
			asks("3", file("3.png", 5 * MIB)),
		];
		expect((await sent(messages)).read).toEqual(["3.png"]);
		messages[2] = asks("2", file("2.png", 7 * MIB));
		expect((await sent(messages)).read.sort()).toEqual(["2.png", "3.png"]);
	});

	test("that are missing are named; one missing from the question fails the answer", async () => {
		const earlier = await sent([asks("1", file("a.txt")), answers, asks("2")], { missing: "a.txt" });
		expect(earlier.out[0]).toContainEqual({ type: "text", text: "[A file that is not shown to you: a.txt]" });
		await expect(sent([asks("1", file("a.txt"))], { missing: "a.txt" })).rejects.toThrow("not stored any more");
	});
});
