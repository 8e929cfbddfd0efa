import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";

vi.mock("cloudflare:workers", () => ({ env: {} }));
const { networkOf, prefixOf } = await import("./network.ts");

const group = fc.integer({ min: 0, max: 0xffff });
const groups = fc.tuple(group, group, group, group, group, group, group, group);

/** One spelling of an address: padded or not, in either case, with one run of zeros shortened or not. */
const spelling = (address: number[], isPadded: boolean, isUpper: boolean, isShort: boolean): string => {
	const words = address.map((word) => word.toString(16).padStart(isPadded ? 4 : 1, "0"));
	const from = address.indexOf(0);
	let to = from;
	while (from >= 0 && address[to] === 0) to += 1;
	const text = isShort && from >= 0 ? `${words.slice(0, from).join(":")}::${words.slice(to).join(":")}` : words.join(":");
	return isUpper ? text.toUpperCase() : text;
};

describe("a network's prefix", () => {
	test("is the whole IPv4 address", () => {
		fc.assert(fc.property(fc.ipV4(), (address) => prefixOf(address) === address));
	});

	test("is the first 64 bits of an IPv6 address, however it is written", () => {
		const zeroes = fc.array(fc.nat(7), { maxLength: 8 });
		fc.assert(
			fc.property(groups, zeroes, fc.boolean(), fc.boolean(), fc.boolean(), (words, zeroed, ...form) => {
				const address = words.map((word, at) => (zeroed.includes(at) ? 0 : word));
				fc.pre(address.slice(0, 5).some((word) => word !== 0));
				const expected = address
					.slice(0, 4)
					.map((word) => word.toString(16))
					.join(":");
				expect(prefixOf(spelling(address, ...form))).toBe(expected);
			}),
		);
		expect(prefixOf("::1")).toBe("0:0:0:0");
		expect(prefixOf("2001:db8::192.0.2.1")).toBe("2001:db8:0:0");
	});

	test("is the IPv4 address of an IPv4-mapped IPv6 address", () => {
		fc.assert(
			fc.property(fc.ipV4(), fc.boolean(), (address, isHex) => {
				const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
				const hex = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
				expect(prefixOf(`::FFFF:${isHex ? hex : address}`)).toBe(address);
			}),
		);
	});

	test("is null for anything that is not an address", () => {
		for (const text of [
			"",
			"unknown",
			"1.2.3",
			"1.2.3.4.5",
			"01.2.3.4",
			":::",
			"1::2::3",
			"1:2:3:4:5:6:7:8:9",
			"fe80::1%eth0",
			"2001:db8::1]/",
		])
			expect(prefixOf(text), text).toBeNull();
	});
});

describe("a request's network", () => {
	const from = (address: string | null, url = "https://parley.example/") =>
		new Request(url, { headers: address === null ? {} : { "cf-connecting-ip": address } });
	const nameOf = (request: Request, day = "2026-11-28", secret = "a secret") => networkOf(request, day, secret);

	test("hides the address, and changes with the day and the secret", () => {
		const name = nameOf(from("192.0.2.1"));
		expect(name).toMatch(/^[A-Za-z0-9_-]{43}$/);
		expect(nameOf(from("192.0.2.1"))).toBe(name);
		expect(nameOf(from("192.0.2.2"))).not.toBe(name);
		expect(nameOf(from("192.0.2.1"), "2026-11-29")).not.toBe(name);
		expect(nameOf(from("192.0.2.1"), "2026-11-28", "another secret")).not.toBe(name);
	});

	test("is shared by all requests without a valid address", () => {
		expect(nameOf(from(null))).not.toBeNull();
		expect(nameOf(from("not an address"))).toBe(nameOf(from(null)));
	});

	test("is null on loopback, which occurs only in local development", () => {
		for (const local of [from(null, "http://localhost/"), from(null, "http://127.0.0.1:3000/"), from("::1"), from("127.0.0.1")])
			expect(nameOf(local)).toBeNull();
	});

	test("ignores headers that a client can set", () => {
		const request = from("192.0.2.1");
		request.headers.set("x-forwarded-for", "198.51.100.7");
		expect(nameOf(request)).toBe(nameOf(from("192.0.2.1")));
	});
});
