import { describe, expect, test } from "vitest";
import { writingFor } from "../../../text/writing-for.ts";
import { deviceInMail, letterOf } from "./letter.ts";

const link = "https://chat.example/verify?token=a&next=%2Fb%25subject%25";
const draft = {
	subject: 'Join <b>"Ada"</b> %body%',
	text: `Hello,\n\n<script>alert(1)</script> & %text% wants you.\nSee https://ada.example/x?a=1&b=2.\n\n${link}\n\n482913\n\nBye.`,
};

describe("a mail's letter", () => {
	const { html, text } = letterOf(draft, "https://chat.example");

	test("has HTML and text from one source, with the product name and legal links below", () => {
		expect(text.startsWith(draft.text)).toBe(true);
		for (const part of ["Parley", "https://chat.example/imprint", "https://chat.example/privacy", "https://chat.example/terms"]) {
			expect(text).toContain(part);
			expect(html).toContain(part);
		}
		expect(html).toMatch(/^<!DOCTYPE html/);
		expect(html).toContain('lang="en"');
		expect(`${html}${text}`).not.toContain("%origin%");
	});

	test("escapes user text and does not expand placeholders in it", () => {
		expect(html).not.toContain("<script>");
		expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt; &amp; %text% wants you.");
		expect(html).toContain("Join &lt;b&gt;&quot;Ada&quot;&lt;/b&gt; %body%");
	});

	test("turns a standalone link into a button, digits into a code, and links in a sentence into links", () => {
		const escaped = link.replaceAll("&", "&amp;");
		expect(html).toMatch(new RegExp(`<a[^>]*href="${escaped.replaceAll(/[?.]/g, "\\$&")}"[^>]*>`));
		expect(html).toContain("Open the link");
		expect(html).toContain('<a href="https://ada.example/x?a=1&amp;b=2">https://ada.example/x?a=1&amp;b=2</a>.');
		expect(html).toMatch(/letter-spacing:4px[^>]*>482913</);
	});

	test("is in the reader's language, with the given label", () => {
		const german = writingFor({ language: "de", timeZone: null }, () =>
			letterOf({ ...draft, action: "Bestätigen" }, "https://chat.example"),
		);
		expect(german.html).toContain('lang="de"');
		expect(german.html).toContain("Bestätigen");
		expect(german.text).toContain("Impressum: https://chat.example/imprint");
	});

	test("omits links to our pages if their origin is unknown", () => {
		const letter = letterOf(draft, null);
		expect(letter.text).not.toContain("imprint");
		expect(letter.html).not.toContain("imprint");
	});
});

test("a device in a mail is only its browser and system, without other text from the client", () => {
	const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
	expect(deviceInMail(firefox)).toBe("Firefox on Linux");
	expect(deviceInMail("curl/8.1 https://evil.example")).toBe("curl");
	for (const unknown of ["", "<b>https://evil.example</b>"]) expect(deviceInMail(unknown)).toBe("Unknown device");
});
