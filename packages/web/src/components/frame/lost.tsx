import { Link, useRouter } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Page } from "./page.tsx";
import { useOnline } from "./use-online.ts";

/** The page for an unknown address. */
export function NotFoundPage() {
	return (
		<Page narrow>
			<Lost title="There is nothing here" text="The address may be mistyped, or what stood here has gone.">
				<Link to="/" className="button-next">
					Go to the chat
				</Link>
			</Lost>
		</Page>
	);
}

/** The page for an error that no route handles. */
export function ErrorPage() {
	return (
		<Page narrow>
			<Failed title="This page could not be shown" />
		</Page>
	);
}

/** A failure to load, with a button that tries again. */
export function Failed({ title }: { title: string }) {
	const router = useRouter();
	const text = useOnline() ? "Something went wrong on our side." : "You are offline. It will be here when you are back.";
	return (
		<Lost title={title} text={`${text} Nothing you wrote is lost.`}>
			<button type="button" className="button-next" onClick={() => void router.invalidate()}>
				Try again
			</button>
		</Lost>
	);
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
