import { describe, expect, test } from "vitest";
import { nameAtSignUp, nameInMail, nameOf } from "./names.ts";

describe("a name", () => {
	test.each([
		"Ada",
		"J.R.R. Tolkien",
		"Zürich & Söhne",
		"Ada's",
		"Acme Inc.",
		"李小龍",
		"Anne-Marie O’Neill",
		"n".repeat(60),
		"👩‍💻 Ada",
		"می‌خواهم",
		"3.5 Labs",
		"J.R. Smith",
		"J. R. Smith",
		"Dr. Grace B. M. Hopper, Ph.D.",
		"U.S.A.",
		"Node.js",
		"Three.js & D3.js",
		"St. Mary’s",
		"Hello... world",
	])("may be %s", (name) => expect(nameOf(name)).toBe(name));

	test("is trimmed and composed", () => {
		expect(nameOf("  Zu\u0308rich ")).toBe("Zürich");
	});

	test.each([
		["blank", "  "],
		["of joiners alone", "\u200d\u200c"],
		["over 60 characters", "n".repeat(61)],
		["with a line break", "Your prize waits\n\nhere"],
		["with a carriage return", "X\r\nBcc: all"],
		["with a line break at its end", "Ada\n"],
		["with a Unicode line separator", "Ada\u2028Lovelace"],
		["with a tab", "Ada\tLovelace"],
		["with a NUL", "Ada\0"],
		["with text that runs backwards", "Ada\u202Emoc"],
		["with a zero-width space", "evil\u200b.example"],
		["with a lone surrogate", "Ada\ud800"],
		["with a link", "see http://evil"],
		["with a domain", "Your prize: evil.example"],
		["with a subdomain", "www.evil.example/prize"],
		["with a full-width dot", "evil．example"],
		["with an ideographic dot", "evil。example"],
		["with a domain of a country", "socket.io"],
		["with a domain in capitals", "X.COM"],
		["with a domain below one that is none", "x.js.ai"],
		["with an encoded domain", "evil.xn--p1ai"],
		["with a domain in another script", "зло.рф"],
		["with a domain before a path", "node.js/../evil.ai/prize"],
		["with www. before anything", "www.e.j"],
		["with a phone link", "tel:0900123456"],
		["that looks like a domain", "J.Smith"],
		["with a mail address", "ada@evil"],
		["with a full-width at sign", "ada＠evil"],
		["with an IP address", "call 192.0.2.7"],
		["that is an array", []],
		["that is an object", {}],
		["that is a number", 7],
		["that is null", null],
	])("%s is refused", (_, name) => expect(nameOf(name)).toBeNull());
});

describe("a name at sign-up", () => {
	test.each([
		["Ada", "Ada"],
		["J.Smith", "J. Smith"],
		["Ada\n", "Ada"],
		["Ada\tLovelace", "Ada Lovelace"],
		["friend,\n\nyou won: http://evil.example/prize", "friend, you won http evil. example prize"],
		["evil．example", "evil. example"],
		["www.evil.example", "www. evil. example"],
		["ada@evil", "ada evil"],
		["call 192.0.2.7", "call 192. 0. 2. 7"],
		["tel:0900123456", "tel 0900123456"],
		["evil\u200b.example", "evil . example"],
	])("%j becomes %j, which is valid", (given, tidied) => {
		expect(nameAtSignUp(given)).toBe(tidied);
		expect(nameOf(tidied)).toBe(tidied);
	});

	test.each([[" "], ["@"], ["n".repeat(61)], ["a.".repeat(40)], ["x".repeat(10_000)], [[]], [{}], [7], [null]])("%j is invalid", (given) =>
		expect(nameAtSignUp(given)).toBeNull(),
	);
});

describe("a stored name in a mail", () => {
	test("is unchanged if it follows the rule", () => {
		expect(nameInMail("Ada")).toBe("Ada");
	});

	test("from before the rule becomes one line of at most 60 characters, or a neutral text", () => {
		expect(nameInMail("Join\r\nBcc: all")).toBe("Join Bcc: all");
		expect(nameInMail("n".repeat(100))).toBe("n".repeat(60));
		expect(nameInMail("Your prize\n\nhttp://evil.example")).toBe("Someone");
		expect(nameInMail("")).toBe("Someone");
	});
});
