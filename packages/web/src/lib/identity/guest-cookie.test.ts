import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expiredGuestCookies, guestCookie, mayMove, mintGuest, moveCookie, readGuestId } from "./guest-cookie.ts";
import { guestKey, userKey } from "./subject-key.ts";

const TODAY = 20_785;
const SECRET = "the present secret";

const read = (cookie: string, today = TODAY, secrets = [SECRET]) =>
	readGuestId(new Request("http://localhost/", { headers: { cookie: `theme=dark; parley.guest=${cookie}; a=b` } }), secrets, today);

describe("a guest's cookie", () => {
	test("identifies the guest it was minted for", () => {
		const { id, cookie } = mintGuest(SECRET, TODAY);
		expect(read(cookie)).toBe(id);
		// 128 bits, without the characters that have a meaning in keys and cookies.
		expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
		expect(mintGuest(SECRET, TODAY).id).not.toBe(id);
	});

	test("is valid for 400 days and no longer", () => {
		const { id, cookie } = mintGuest(SECRET, TODAY);
		expect(read(cookie, TODAY + 400)).toBe(id);
		expect(read(cookie, TODAY + 401)).toBeNull();
	});

	test("stays valid while its secret is anywhere in the list", () => {
		const { id, cookie } = mintGuest(SECRET, TODAY);
		expect(read(cookie, TODAY, ["a newer secret", SECRET])).toBe(id);
		expect(read(cookie, TODAY, ["a newer secret"])).toBeNull();
	});

	test("is refused once any character is changed, added or removed", () => {
		const { cookie } = mintGuest(SECRET, TODAY);
		fc.assert(
			fc.property(fc.nat(cookie.length - 1), fc.constantFrom(..."AZaz09_-."), fc.constantFrom(0, 1), (at, char, removed) => {
				const altered = cookie.slice(0, at) + char + cookie.slice(at + removed);
				fc.pre(altered !== cookie);
				expect(read(altered)).toBeNull();
			}),
		);
	});

	test("is refused in any other format", () => {
		const { cookie } = mintGuest(SECRET, TODAY);
		for (const text of ["", "v1", "v1...", cookie.replace("v1", "v2"), `${cookie}.more`, cookie.slice(0, cookie.lastIndexOf(".") + 1)])
			expect(read(text), text).toBeNull();
		expect(readGuestId(new Request("http://localhost/"), [SECRET], TODAY)).toBeNull();
	});
});

describe("the Set-Cookie value", () => {
	test("is bound to the host on https and hidden from scripts", () => {
		expect(guestCookie(new Request("https://parley.example/c/1"), "v")).toBe(
			"__Host-parley.guest=v; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax; Secure",
		);
	});

	test("has no __Host- prefix on http, where browsers refuse it", () => {
		expect(guestCookie(new Request("http://localhost:3000/"), "v")).toBe(
			"parley.guest=v; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax",
		);
	});

	test("removes both cookies of a guest by their names", () => {
		expect(expiredGuestCookies(new Request("https://parley.example/"))).toEqual([
			"__Host-parley.guest=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure",
			"__Host-parley.move=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure",
		]);
	});

	test("prevents an http cookie from replacing the https one", () => {
		const { cookie } = mintGuest(SECRET, TODAY);
		const request = new Request("https://parley.example/", { headers: { cookie: `parley.guest=${cookie}` } });
		expect(readGuestId(request, [SECRET], TODAY)).toBeNull();
	});
});

describe("the mark of a sign-in", () => {
	const NOW_MS = 1_796_000_000_000;
	const [guest, user] = [guestKey("a-guest"), userKey("a-user")];
	const marked = (cookie: string) => new Request("http://localhost/", { headers: { cookie } });
	const [cookie = ""] = moveCookie(marked(""), guest, user, SECRET, NOW_MS).split(";");

	test("lets its guest move to its account for ten minutes", () => {
		expect(mayMove(marked(cookie), guest, user, [SECRET], NOW_MS)).toBe(true);
		expect(mayMove(marked(cookie), guest, user, ["a newer secret", SECRET], NOW_MS + 599_000)).toBe(true);
		expect(mayMove(marked(cookie), guest, user, [SECRET], NOW_MS + 601_000)).toBe(false);
	});

	test("is rejected for another guest or account, altered, or absent", () => {
		expect(mayMove(marked(cookie), guestKey("another"), user, [SECRET], NOW_MS)).toBe(false);
		expect(mayMove(marked(cookie), guest, userKey("another"), [SECRET], NOW_MS)).toBe(false);
		expect(mayMove(marked(cookie), guest, user, ["another secret"], NOW_MS)).toBe(false);
		const later = cookie.replace(/=\d+/, (expires) => `=${Number(expires.slice(1)) + 60}`);
		for (const altered of [later, `${cookie}.more`, "parley.move=", "parley.move=.", ""])
			expect(mayMove(marked(altered), guest, user, [SECRET], NOW_MS), altered).toBe(false);
	});

	test("cannot be exchanged with the guest's cookie", () => {
		const minted = mintGuest(SECRET, TODAY);
		expect(mayMove(marked(`parley.move=${minted.cookie}`), guestKey(minted.id), user, [SECRET], NOW_MS)).toBe(false);
		expect(read(cookie.slice("parley.move=".length))).toBeNull();
	});
});
