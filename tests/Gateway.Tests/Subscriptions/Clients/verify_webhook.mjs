// Verifies requests by the reference library of Standard Webhooks: verify_webhook.mjs MODULES, with a list of
// {secret, headers, body} as JSON on standard input. Prints one word for each: valid, or the error's name.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const { Webhook } = createRequire(`${process.argv[2]}/`)("standardwebhooks");
for (const { secret, headers, body } of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    new Webhook(secret).verify(Buffer.from(body, "base64").toString("utf8"), headers);
    console.log("valid");
  } catch (problem) {
    console.log(problem.constructor.name);
  }
}
