import { useEffect, useState } from "react";
import type { Effort, ModelOption, SearchOffer } from "../../view/chat.ts";
import type { Tier } from "../../view/usage.ts";

/** The settings of the viewer's next request. */
export interface Choice {
	model: ModelOption;
	/** Null for a model without efforts. */
	effort: Effort | null;
	/** The price of searches, if the model may search the web. */
	search?: SearchOffer;
}

const levels: readonly Effort[] = ["low", "medium", "high"];

/** The levels of effort that a model has, lowest first. */
export const levelsOf = ({ efforts }: ModelOption): Effort[] => levels.filter((level) => efforts[level] !== undefined);

/** The viewer's last choice, as kept by this browser. */
interface Wanted {
	model?: string | undefined;
	effort?: string | undefined;
}

const items = { model: "parley:model", effort: "parley:effort", search: "parley:search" };

/** How many chats are remembered as searching. */
const SEARCHING_MAX = 50;

/**
 * The model and effort of the next request, whether it searches, and a setter. The choice outlives the page. Search is set per chat, because it costs.
 * @param offer the price of searches; null if they are not offered
 */
export function useChoice(
	models: ModelOption[],
	tier: Tier,
	chatId: string,
	offer: SearchOffer | null,
): [Choice, (choice: Choice) => void] {
	const [wanted, setWanted] = useState<Wanted>({});
	const [searching, setSearching] = useState<string[]>([]);
	useEffect(() => {
		const kept = { model: read(items.model), effort: read(items.effort) };
		if (kept.model || kept.effort) setWanted(kept);
		const chats = chatsThatSearch();
		if (chats.length > 0) setSearching(chats);
	}, []);
	function choose({ model, effort, search }: Choice) {
		// A model without efforts leaves the kept effort unchanged for the others.
		const next = { model: model.id, effort: effort ?? wanted.effort };
		keep(items.model, next.model);
		if (next.effort) keep(items.effort, next.effort);
		setWanted(next);
		if ((search !== undefined) === searching.includes(chatId)) return;
		const others = chatsThatSearch().filter((id) => id !== chatId);
		const now = search ? [chatId, ...others].slice(0, SEARCHING_MAX) : others;
		keep(items.search, now.join(" "));
		setSearching(now);
	}
	return [{ ...choiceOf(models, tier, wanted), ...(offer && searching.includes(chatId) && { search: offer }) }, choose];
}

const chatsThatSearch = () => read(items.search)?.split(" ").filter(Boolean) ?? [];

/** The wanted model, or the first that the tier includes, at the wanted effort or the model's lowest. */
export function choiceOf(models: ModelOption[], tier: Tier, wanted: Wanted): Choice {
	const allowed = models.filter(({ tiers }) => tiers.includes(tier));
	const model = allowed.find(({ id }) => id === wanted.model) ?? allowed[0] ?? models[0];
	if (!model) throw new Error("invariant: a server offers a model");
	return { model, effort: effortOf(model, wanted.effort) };
}

/** The wanted effort if the model has it, otherwise its lowest; null for a model without efforts. */
export function effortOf(model: ModelOption, wanted: string | null | undefined): Choice["effort"] {
	const own = levelsOf(model);
	return own.find((level) => level === wanted) ?? own[0] ?? null;
}

function read(item: string): string | undefined {
	try {
		return localStorage.getItem(item) ?? undefined;
	} catch {
		return;
	}
}

function keep(item: string, value: string): void {
	try {
		localStorage.setItem(item, value);
	} catch {
		// Without storage the choice lasts until the page is left.
	}
}
