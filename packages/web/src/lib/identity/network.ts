import { isIPv4, isIPv6 } from "node:net";
import { isLoopback } from "../../config.ts";
import { sign } from "./signature.ts";

/**
 * Identifies a request's network without storing its address: a keyed hash that changes each UTC day. Null on loopback, which occurs only in local
 * development. Only the edge's own header is trusted; requests without a valid address share one network.
 * @param day the UTC day, `YYYY-MM-DD`
 */
export function networkOf(request: Request, day: string, secret: string): string | null {
	const address = request.headers.get("cf-connecting-ip");
	if (isLoopback(address ?? new URL(request.url).hostname)) return null;
	return sign(`network ${day} ${prefixOf(address ?? "") ?? "unknown"}`, secret);
}

/**
 * The address range shared by a household or office: a whole IPv4 address, or the first 64 bits of an IPv6 address. An IPv4-mapped address
 * (RFC 4291, 2.5.5.2) counts as its IPv4 address. Null if the text is not an address.
 */
export function prefixOf(address: string): string | null {
	if (isIPv4(address)) return address;
	const url = `http://[${address}]`;
	if (!isIPv6(address) || !URL.canParse(url)) return null;
	// The platform normalizes addresses: lower case, no leading zeros, no dotted quad, at most one "::".
	const [head = "", tail] = new URL(url).hostname.slice(1, -1).split("::");
	const groups = groupsOf(head);
	if (tail !== undefined) {
		const last = groupsOf(tail);
		while (groups.length + last.length < 8) groups.push("0");
		groups.push(...last);
	}
	const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16));
	if (groups.slice(0, 6).join(":") === "0:0:0:0:0:ffff") return [high >> 8, high & 255, low >> 8, low & 255].join(".");
	return groups.slice(0, 4).join(":");
}

const groupsOf = (text: string) => (text === "" ? [] : text.split(":"));
