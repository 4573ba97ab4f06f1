// Prints, one JSON line each, what real senders' own libraries sign: {provider, headers, body}. The secrets and the URL
// that Twilio signs come in the variable SENDERS.
import { sign } from "@octokit/webhooks-methods";
import { Webhook as StandardWebhook } from "standardwebhooks";
import Stripe from "stripe";
import { Webhook as SvixWebhook } from "svix";
import twilio from "twilio";

const { token, text, url } = JSON.parse(process.env.SENDERS);
const body = JSON.stringify({ type: "a.thing", text: "é\n/" });
const json = { "content-type": "application/json" };
const now = new Date();
const seconds = String(Math.floor(now.getTime() / 1000));
const print = (provider, headers, sent = body) => console.log(JSON.stringify({ provider, headers, body: sent }));

print("github", {
  ...json,
  "x-github-event": "push",
  "x-github-delivery": "1",
  "x-hub-signature-256": await sign(text, body),
});
print("standard-webhooks", {
  ...json,
  "webhook-id": "msg_1",
  "webhook-timestamp": seconds,
  "webhook-signature": new StandardWebhook(token).sign("msg_1", now, body),
});
print("svix", {
  ...json,
  "svix-id": "msg_2",
  "svix-timestamp": seconds,
  "svix-signature": new SvixWebhook(token).sign("msg_2", now, body),
});
const stripe = new Stripe("sk_test_unused");
print("stripe", {
  ...json,
  "stripe-signature": stripe.webhooks.generateTestHeaderString({ payload: body, secret: text }),
});
const parameters = { MessageSid: "SM1", From: "+15550100", Body: "é & more", Media: ["b", "a"] };
const form = new URLSearchParams(Object.entries(parameters).flatMap(([name, value]) => [value].flat().map((one) => [name, one])));
print(
  "twilio",
  {
    "content-type": "application/x-www-form-urlencoded",
    "x-twilio-signature": twilio.getExpectedTwilioSignature(text, url, parameters),
  },
  form.toString(),
);
