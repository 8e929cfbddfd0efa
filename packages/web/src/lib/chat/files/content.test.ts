import { IMAGE_TOKENS, tokensOf } from "@parley/metering";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FILE_CHARS_MAX, FILE_NAME_CHARS_MAX } from "../../../input.ts";
import { asPrompt, contentOf, fileName, tokensOfFile } from "./content.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const raw = (text: string) => Uint8Array.from(text, (one) => one.charCodeAt(0));

describe("the content of a file", () => {
	test.each([
		["image/png", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"],
		["image/jpeg", "\xff\xd8\xff\xe0"],
		["image/gif", "GIF89a"],
		["image/gif", "GIF87a"],
		["image/webp", "RIFF\x24\0\0\0WEBPVP8 "],
	])("is %s by its first bytes", (mediaType, beginning) => {
		expect(contentOf(raw(`${beginning} and more \0`))).toEqual({ kind: "image", mediaType });
		expect(contentOf(raw(`x${beginning}\xff`)).kind).toBe("refused");
	});

	test("is text in well-formed UTF-8, without its byte order mark", () => {
		expect(contentOf(bytesOf("\ufeffgrüße\tΣ\r\n\u001b[0m"))).toEqual({ kind: "text", text: "grüße\tΣ\r\n\u001b[0m" });
		for (const bytes of ["\xff\xfea\0b\0", "a\xc3", "\xed\xa0\x80", "a\0b", "PK\x03\x04"])
			expect(contentOf(raw(bytes)).kind).toBe("refused");
		for (const text of ["", " \n"]) expect(contentOf(bytesOf(text))).toEqual({ kind: "refused", why: "This file is empty." });
	});

	test("is text of at most 400,000 characters", () => {
		expect(contentOf(bytesOf("x".repeat(FILE_CHARS_MAX))).kind).toBe("text");
		expect(contentOf(bytesOf("x".repeat(FILE_CHARS_MAX + 1))).kind).toBe("refused");
	});

	test("has exactly one kind, whatever the bytes", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
				const content = contentOf(bytes);
				if (content.kind === "text") expect(bytesOf(content.text)).toEqual(bytes[0] === 0xef ? bytes.slice(3) : bytes);
			}),
		);
	});
});

describe("the name of a file", () => {
	test("is short, one line, without path, quotes or invisible characters, and keeps its extension", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary", maxLength: 300 }), (given) => {
				const name = fileName(given);
				expect(name).toMatch(/^[^\p{Cc}<>"/\\\u202e\u200b]+$/u);
				expect(name.length).toBeLessThanOrEqual(FILE_NAME_CHARS_MAX);
				expect(name.isWellFormed()).toBe(true);
				expect(fileName(name)).toBe(name);
			}),
		);
		expect(fileName(`${"x".repeat(300)}.py`)).toMatch(/^x+….py$/);
		expect(fileName(" / ")).toBe("file");
	});
});

describe("the tokens of a file", () => {
	test("are a fixed number for an image, and for a text those of everything sent to the model", () => {
		expect(tokensOfFile("a.png", { kind: "image", mediaType: "image/png" })).toBe(IMAGE_TOKENS);
		expect(tokensOfFile("a.txt", { kind: "text", text: "words" })).toBe(tokensOf(asPrompt("a.txt", "words")));
	});
});
