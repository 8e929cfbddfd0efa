import { useEffect, useRef } from "react";

interface Turnstile {
	render: (place: HTMLElement, options: { sitekey: string; action: string; callback: (token: string) => void }) => string;
	remove: (widget: string) => void;
}

declare global {
	interface Window {
		turnstile?: Turnstile;
	}
}

const SCRIPT = "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit";

let loading: Promise<void> | undefined;

function load(): Promise<void> {
	loading ??= new Promise((resolve, reject) => {
		const script = document.createElement("script");
		script.src = SCRIPT;
		script.onload = () => resolve();
		script.onerror = () => {
			loading = undefined;
			reject(new Error("Turnstile could not be loaded"));
		};
		document.head.appendChild(script);
	});
	return loading;
}

let solved: string | undefined;

/** The header that shows the next request to be a human's; a token is good for one request. */
export function humanHeader(): Record<string, string> {
	const token = solved;
	solved = undefined;
	return token ? { "cf-turnstile-response": token } : {};
}

/** Cloudflare's check. Its script is loaded when it is asked for, not before. */
export function HumanCheck({ siteKey, onSolved }: { siteKey: string; onSolved: () => void }) {
	const place = useRef<HTMLDivElement>(null);
	const then = useRef(onSolved);
	then.current = onSolved;
	useEffect(() => {
		let widget: string | undefined;
		let gone = false;
		const show = () => {
			if (gone || !place.current) return;
			widget = window.turnstile?.render(place.current, {
				sitekey: siteKey,
				action: "guest",
				callback: (token) => {
					solved = token;
					then.current();
				},
			});
		};
		// Without it the notice still names the other way: signing up.
		load().then(show, () => undefined);
		return () => {
			gone = true;
			if (widget) window.turnstile?.remove(widget);
		};
	}, [siteKey]);
	return <div ref={place} />;
}
