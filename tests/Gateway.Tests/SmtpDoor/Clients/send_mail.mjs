// nodemailer: send_mail.mjs MODULES DOMAIN ATTACHMENT PORT KEY
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [modules, domain, file, port, key] = process.argv.slice(2);
const nodemailer = createRequire(`${modules}/`)("nodemailer");
const transport = nodemailer.createTransport({
  host: "127.0.0.1",
  port: Number(port),
  secure: false,
  requireTLS: true,
  auth: { user: "apikey", pass: key },
  tls: { rejectUnauthorized: false },
});
const sent = await transport.sendMail({
  from: { name: "Jörg Ärger", address: `hello@${domain}` },
  to: "Ann <ann@example.net>",
  subject: "Grüße ✓ aus Köln",
  text: "Hällo,\n.\n..und fertig\n",
  html: "<p>Hällo <b>Welt</b></p>\n",
  attachments: [{ filename: "Größe.pdf", content: readFileSync(file), contentType: "application/pdf" }],
});
console.log(sent.response);
