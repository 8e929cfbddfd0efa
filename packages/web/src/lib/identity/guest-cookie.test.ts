import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expiredGuestCookie, guestCookie, mintGuest, readGuestId } from "./guest-cookie.ts";

const TODAY = 20_785;
const SECRET = "the present secret";

const read = (cookie: string, today = TODAY, secrets = [SECRET]) =>
	readGuestId(new Request("http://localhost/", { headers: { cookie: `theme=dark; parley.guest=${cookie}; a=b` } }), secrets, today);

describe("a guest's cookie", () => {
	test("names the guest that it was minted for", () => {
		const { id, cookie } = mintGuest(SECRET, TODAY);
		expect(read(cookie)).toBe(id);
		// 128 bits, and none of the characters that keys and cookies give a meaning.
		expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
		expect(mintGuest(SECRET, TODAY).id).not.toBe(id);
	});

	test("is valid for 400 days and no longer", () => {
		const { id, cookie } = mintGuest(SECRET, TODAY);
		expect(read(cookie, TODAY + 400)).toBe(id);
		expect(read(cookie, TODAY + 401)).toBeNull();
	});

	test("stays valid while its secret is in the list, wherever in the list", () => {
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

	test("is refused in any other form", () => {
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

	test("removes the cookie of the same name", () => {
		expect(expiredGuestCookie(new Request("https://parley.example/"))).toBe(
			"__Host-parley.guest=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure",
		);
	});

	test("does not let a cookie from http stand in for the one on https", () => {
		const { cookie } = mintGuest(SECRET, TODAY);
		const request = new Request("https://parley.example/", { headers: { cookie: `parley.guest=${cookie}` } });
		expect(readGuestId(request, [SECRET], TODAY)).toBeNull();
	});
});
