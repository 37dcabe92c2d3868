// One behaviour of OpenAI's client for JavaScript, named by the first argument; what came of it is printed as JSON.
// The environment says where the gateway is (GATEWAY), with which key (KEY) and which audio (AUDIO).
import { createReadStream, readFileSync } from "node:fs";
import OpenAI, { AzureOpenAI, toFile } from "openai";

const { GATEWAY, KEY, AUDIO } = process.env;
const client = new OpenAI({ baseURL: `${GATEWAY}/v1`, apiKey: KEY, maxRetries: 0 });
const create = (options, more) => client.audio.transcriptions.create({ file: createReadStream(AUDIO), ...options }, more);
const bytes = () => toFile(readFileSync(AUDIO), "tone.wav");

const behaviours = {
  text: () => create({ model: "whisper" }),
  formats: async () => {
    const found = {};
    for (const response_format of ["json", "text", "srt", "vtt", "verbose_json"]) {
      found[response_format] = await create({ model: "whisper", response_format });
    }
    return found;
  },
  times: () =>
    create({ model: "whisper", response_format: "verbose_json", timestamp_granularities: ["word", "segment"] }),
  speakers: () =>
    create({ model: "speakers", response_format: "diarized_json", chunking_strategy: { type: "server_vad", threshold: 0.5 } }),
  bytes: async () => create({ model: "whisper", file: await bytes() }),
  stream: async () => {
    const events = [];
    for await (const event of await create({ model: "live", stream: true })) events.push(event);
    return events;
  },
  broken_stream: async () => {
    for await (const event of await create({ model: "live", stream: true })) void event;
  },
  translation: () => client.audio.translations.create({ file: createReadStream(AUDIO), model: "whisper" }),
  headers: async () => {
    const { data, response } = await create({ model: "whisper" }).withResponse();
    return { text: data.text, served_by: response.headers.get("x-voxplan-served-by") };
  },
  models: async () => (await client.models.list()).data.map((model) => model.id),
  fallbacks: () => create({ model: "whisper", fallbacks: ["live"] }),
  unknown_model: () => create({ model: "whispr" }),
  wrong_value: () => create({ model: "whisper", temperature: "hot" }),
  fails: () => create({ model: "whisper" }),
  times_out: () => create({ model: "whisper" }, { timeout: 300 }),
  // What is read as it is sent cannot be sent twice by this client.
  tries_again: async () => create({ model: "whisper", file: await bytes() }, { maxRetries: 1 }),
  azure: () =>
    new AzureOpenAI({ endpoint: GATEWAY, deployment: "whisper", apiVersion: "2024-10-21", apiKey: KEY, maxRetries: 0 })
      .audio.transcriptions.create({ file: createReadStream(AUDIO), model: "whisper" }),
};

let told;
try {
  told = { value: await behaviours[process.argv[2]]() };
} catch (error) {
  const { status, code, param } = error;
  told = { error: error.constructor.name, status, code, param, retry_after: error.headers?.get("retry-after") ?? null };
}
console.log(JSON.stringify(told));
