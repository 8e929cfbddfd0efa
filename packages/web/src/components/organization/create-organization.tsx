import { useState } from "react";
import { t } from "../../text/text.ts";
import { useHydrated } from "../frame/local-time.tsx";
import { randomId } from "../requests.ts";
import { FieldForm, type Outcome } from "./field-form.tsx";
import { createOrganization } from "./organization-requests.ts";

interface CreateOrganizationProps {
	isFirst: boolean;
	onCreated: (name: string) => Promise<void>;
}

/** A button that opens the form for a new organization. Most viewers never need the form. */
export function CreateOrganization({ isFirst, onCreated }: CreateOrganizationProps) {
	const hydrated = useHydrated();
	const [open, setOpen] = useState(false);
	// better-auth requires a slug. It is not displayed, and makes a retry of the same press recognizable.
	const [slug, setSlug] = useState(randomId);

	async function create(name: string): Promise<Outcome> {
		if (name === "") return { problem: t("org_name_needed") };
		const refusal = await createOrganization(name, slug);
		if (refusal) return { problem: refusal.text };
		setSlug(randomId());
		setOpen(false);
		await onCreated(name);
		return { done: "" };
	}

	if (!open) {
		return (
			<button type="button" className={isFirst ? "button-plain" : "button-bare -ml-2"} disabled={!hydrated} onClick={() => setOpen(true)}>
				{isFirst ? t("org_create") : t("org_create_another")}
			</button>
		);
	}
	return (
		<div ref={focusField}>
			<FieldForm
				label={t("org_name")}
				hint={t("org_name_hint")}
				input={{ type: "text", autoComplete: "organization" }}
				action={t("org_create_action")}
				onSubmit={create}
			/>
		</div>
	);
}

const focusField = (form: HTMLElement | null) => form?.querySelector("input")?.focus();
