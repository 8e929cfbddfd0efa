import { expect, test } from "vitest";
import { WholeCharacters } from "./whole-characters.ts";

function read(...pieces: string[]): string {
	const characters = new WholeCharacters();
	return pieces.map((piece) => characters.read(piece)).join("") + characters.end();
}

test("a character split over two chunks is joined", () => {
	expect(read("smile ", "\ud83d", "\ude00", " end")).toBe("smile 😀 end");
	expect(read("a\ud83d", "\ude00b")).toBe("a😀b");
});

test("an unpaired surrogate is replaced", () => {
	expect(read("broken \ud83d half")).toBe("broken \ufffd half");
	expect(read("\ude00 late")).toBe("\ufffd late");
	expect(read("end \ud83d")).toBe("end \ufffd");
	expect(read("\ud83d", "x")).toBe("\ufffdx");
});
