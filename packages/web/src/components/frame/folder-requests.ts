import type { ChatPage, Folder } from "../../view/chat.ts";
import { fetchOrThrow, randomId } from "../requests.ts";

/** A folder with its instructions. Undefined if it was deleted. Throws like `fetchOrThrow`. */
export async function readFolder(id: string): Promise<Folder | undefined> {
	const { folders }: { folders: Folder[] } = await (await fetchOrThrow("/api/folders")).json();
	return folders.find((folder) => folder.id === id);
}

/** A page of the chats in a folder. Throws like `fetchOrThrow`. */
export async function readChatsIn(folder: string, after: string | null): Promise<ChatPage> {
	const query = new URLSearchParams({ folder, ...(after !== null && { after }) });
	return (await fetchOrThrow(`/api/chats?${query}`)).json();
}

/** Creates a folder. Throws like `fetchOrThrow`. */
export async function makeFolder(name: string): Promise<Folder> {
	const { folder }: { folder: Folder } = await (await send("/api/folders", "POST", { id: randomId(), name })).json();
	return folder;
}

/** Changes a folder's name and instructions. Throws like `fetchOrThrow`. */
export async function changeFolder({ id, name, instructions }: Folder): Promise<void> {
	await send(`/api/folders/${id}`, "PATCH", { name, instructions });
}

/** Deletes a folder; its chats stay. Throws like `fetchOrThrow`. */
export async function deleteFolder(id: string): Promise<void> {
	await fetchOrThrow(`/api/folders/${id}`, { method: "DELETE" });
}

const send = (path: string, method: string, body: object) =>
	fetchOrThrow(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
