import { Link, useRouter } from "@tanstack/react-router";
import { type ReactNode, useEffect, useEffectEvent, useRef } from "react";
import { t } from "../../text/text.ts";
import { Reference } from "../chat/notice-row.tsx";
import { Page } from "./page.tsx";
import { useOnline } from "./use-online.ts";

/** The page for an unknown address. */
export function NotFoundPage() {
	return (
		<Page narrow>
			<Lost title={t("lost_page_not_found")} text={t("lost_check_address")}>
				<Link to="/" className="button-next">
					{t("lost_go_to_chats")}
				</Link>
			</Lost>
		</Page>
	);
}

/** The page for an error that no route handles. */
export function ErrorPage({ error }: { error: unknown }) {
	return (
		<Page narrow>
			<Failed title={t("lost_page_not_loaded")} error={error} />
		</Page>
	);
}

/** A failure to load: a retry button, a way back, and a fault's reference in the server's log. */
export function Failed({ title, error }: { title: string; error: unknown }) {
	const router = useRouter();
	const online = useOnline();
	useOnReturn(online, () => void router.invalidate());
	return (
		<Lost title={title} text={online ? t("lost_our_end") : t("lost_offline")}>
			<div className="flex flex-wrap gap-3">
				<button type="button" className="button-next" onClick={() => void router.invalidate()}>
					{t("frame_try_again")}
				</button>
				<Link to="/" className="button-plain">
					{t("lost_go_to_chats")}
				</Link>
			</div>
			<Reference id={referenceIn(error)} />
		</Lost>
	);
}

/** Only an error's message reaches the browser, so the server writes a fault's reference into it (`faultOf` in lib/http/api.ts). */
function referenceIn(error: unknown): string | undefined {
	return error instanceof Error ? /\(reference ([\w-]+)\)$/.exec(error.message)?.[1] : undefined;
}

/** Calls back when the network is available again. */
function useOnReturn(online: boolean, onReturn: () => void): void {
	const before = useRef(online);
	const returned = useEffectEvent(onReturn);
	useEffect(() => {
		if (online && !before.current) returned();
		before.current = online;
	}, [online]);
}

/** A message in place of content that is missing. */
export function Lost({ title, text, children }: { title: string; text: string; children: ReactNode }) {
	return (
		<div className="flex flex-col items-start gap-6">
			<div>
				<h1 className="text-balance font-semibold text-title tracking-tight">{title}</h1>
				<p className="mt-2 text-soft">{text}</p>
			</div>
			{children}
		</div>
	);
}
