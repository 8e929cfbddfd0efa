import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as keys from "./subject-key.ts";

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
/** Request ids may contain colons, and may even look like a key. */
const requestId = fc.oneof(
	fc.stringMatching(/^[A-Za-z0-9_:-]{1,64}$/),
	id.map((one) => `regenerate:${one}`),
	fc.tuple(id, id).map(([one, other]) => `user:${one}:${other}`),
);
const day = fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10));
const hash = fc.stringMatching(/^[A-Za-z0-9_-]{43}$/);
const memberKey = fc.oneof(id.map(keys.userKey), id.map(keys.guestKey));
const sharedKey = fc.oneof(
	id.map(keys.organizationKey),
	fc.tuple(fc.constantFrom(keys.networkKey, keys.unconfirmedKey, keys.signUpsKey), day, hash).map(([key, at, of]) => key(at, of)),
);
const anyKey: fc.Arbitrary<keys.SubjectKey> = fc.oneof(memberKey, sharedKey, day.map(keys.everyGuestKey));

describe("subject keys", () => {
	test("keep the format under which deployed ledgers, chats and reports are stored", () => {
		expect(keys.userKey("u1")).toBe("user:u1");
		expect(keys.organizationKey("o1")).toBe("org:o1");
		expect(keys.guestKey("g1")).toBe("guest:g1");
		expect(keys.networkKey("2026-11-28", "hash")).toBe("network:2026-11-28:hash");
		expect(keys.everyGuestKey("2026-11-28")).toBe("network:2026-11-28:all");
		expect(keys.unconfirmedKey("2026-11-28", "hash")).toBe("unconfirmed:2026-11-28:hash");
		expect(keys.signUpsKey("2026-11-28", "hash")).toBe("sign-ups:2026-11-28:hash");
	});

	test("yield their kind and the id they were built from", () => {
		fc.assert(
			fc.property(id, (one) => {
				expect([keys.userKey(one), keys.organizationKey(one), keys.guestKey(one)].map(keys.kindOf)).toEqual([
					"user",
					"organization",
					"guest",
				]);
				for (const key of [keys.userKey(one), keys.organizationKey(one), keys.guestKey(one)]) expect(keys.externalIdOf(key)).toBe(one);
			}),
		);
	});

	test("distinguish pools from paying ledgers, and each pool from every other", () => {
		fc.assert(
			fc.property(day, hash, memberKey, (at, of, member) => {
				const pools = [keys.networkKey(at, of), keys.everyGuestKey(at), keys.unconfirmedKey(at, of), keys.signUpsKey(at, of)];
				expect(new Set(pools).size).toBe(4);
				expect(pools.map(keys.isPool)).toEqual([true, true, true, true]);
				expect(pools.map(keys.countedIn)).toEqual(["network", "everyGuest", "unconfirmed", "signUps"]);
				expect(keys.isPool(member)).toBe(false);
			}),
		);
	});

	test("are the only texts recognized as keys", () => {
		fc.assert(fc.property(anyKey, (key) => keys.isSubjectKey(key)));
		for (const text of ["", "user", "visitor:1", ":1", "toString:1", "constructor:1", "User:1"]) {
			expect(keys.isSubjectKey(text)).toBe(false);
			expect(keys.kindOf(text)).toBe("guest");
		}
	});
});

describe("row ids", () => {
	test("are the request's own id in the subject's own ledger", () => {
		fc.assert(
			fc.property(memberKey, requestId, (key, request) => {
				expect(keys.entryId(key, key, request)).toBe(request);
				expect(keys.requestIdOf(key, keys.entryId(key, key, request))).toBe(request);
			}),
		);
	});

	test("yield the request's id in a shared ledger, whatever its format", () => {
		fc.assert(
			fc.property(sharedKey, memberKey, requestId, (ledger, key, request) => {
				expect(keys.requestIdOf(ledger, keys.entryId(ledger, key, request))).toBe(request);
			}),
		);
	});

	test("never collide in a shared ledger between two subjects or two requests", () => {
		fc.assert(
			fc.property(sharedKey, memberKey, requestId, memberKey, requestId, (ledger, key, request, otherKey, otherRequest) => {
				const isSame = key === otherKey && request === otherRequest;
				expect(keys.entryId(ledger, key, request) === keys.entryId(ledger, otherKey, otherRequest)).toBe(isSame);
			}),
		);
	});

	test("identify one unit at the provider, and at a carry-over, per subject", () => {
		fc.assert(
			fc.property(memberKey, requestId, memberKey, requestId, (key, report, otherKey, otherReport) => {
				const isSame = key === otherKey && report === otherReport;
				expect(keys.transactionIdOf(key, report) === keys.transactionIdOf(otherKey, otherReport)).toBe(isSame);
				expect(keys.carryOverId(key, report) === keys.carryOverId(otherKey, otherReport)).toBe(isSame);
			}),
		);
	});
});
