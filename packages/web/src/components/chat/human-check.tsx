import { useEffect, useEffectEvent, useRef } from "react";

interface Turnstile {
	render: (element: HTMLElement, options: { sitekey: string; action: string; callback: (token: string) => void }) => string;
	remove: (widget: string) => void;
}

declare global {
	interface Window {
		turnstile?: Turnstile;
	}
}

const scriptUrl = "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit";

/** Adds Turnstile's script to the page once. A failed load removes it, so that the next check retries. */
async function loadTurnstile(): Promise<void> {
	if (window.turnstile) return;
	const script = document.querySelector<HTMLScriptElement>(`script[src="${scriptUrl}"]`) ?? document.createElement("script");
	await new Promise<void>((resolve, reject) => {
		script.addEventListener("load", () => resolve());
		script.addEventListener("error", () => {
			script.remove();
			reject(new Error("Turnstile could not be loaded"));
		});
		if (script.isConnected) return;
		script.src = scriptUrl;
		document.head.appendChild(script);
	});
}

export interface HumanCheckProps {
	siteKey: string;
	/** The token's purpose. The server rejects it for any other (lib/identity/turnstile.ts). */
	action: "guest" | "sign-up";
	/** Receives a token that is valid for one request. */
	onSolved: (token: string) => void;
}

/** Cloudflare Turnstile's widget. */
export default function HumanCheck({ siteKey, action, onSolved }: HumanCheckProps) {
	const element = useRef<HTMLDivElement>(null);
	const solved = useEffectEvent(onSolved);
	useEffect(() => {
		let widget: string | undefined;
		let mounted = true;
		const show = () => {
			if (!mounted || !element.current) return;
			widget = window.turnstile?.render(element.current, { sitekey: siteKey, action, callback: (token) => solved(token) });
		};
		// If the script does not load, the text beside it still says what is needed.
		loadTurnstile().then(show, () => undefined);
		return () => {
			mounted = false;
			if (widget) window.turnstile?.remove(widget);
		};
	}, [siteKey, action]);
	return <div ref={element} />;
}
