// A receiver by other people: keys by Node, content by http_ece, the token checked by Node's own crypto.
'use strict';
const crypto = require('crypto');
const ece = require('http_ece');
const { execFileSync } = require('child_process');

const sizes = [0, 1, 41, 255, 1024, 3993];
const keys = crypto.createECDH('prime256v1');
keys.generateKeys();
const auth = crypto.randomBytes(16);
const output = execFileSync(process.env.DOTNET || 'dotnet', ['run', process.argv[2], '--', keys.getPublicKey('base64url'), auth.toString('base64url'), ...sizes.map(String)], { encoding: 'utf8' });
const lines = output.trim().split('\n');

sizes.forEach((size, i) => {
  const opened = ece.decrypt(Buffer.from(lines[i], 'base64url'), { version: 'aes128gcm', privateKey: keys, authSecret: auth });
  const expected = Buffer.from(Array.from({ length: size }, (_, n) => n & 255));
  if (!opened.equals(expected)) throw new Error(`a message of ${size} bytes came out as another`);
  const damaged = Buffer.from(lines[i], 'base64url');
  damaged[damaged.length - 1] ^= 1;
  let refused = false;
  try { ece.decrypt(damaged, { version: 'aes128gcm', privateKey: keys, authSecret: auth }); } catch { refused = true; }
  if (!refused) throw new Error(`a damaged message of ${size} bytes was opened`);
});

const [, token, key] = /^vapid t=([^,]+), k=(.+)$/.exec(lines[sizes.length]);
const [header, claims, signature] = token.split('.');
const point = Buffer.from(key, 'base64url');
const jwk = { kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') };
const good = crypto.verify('sha256', Buffer.from(`${header}.${claims}`), { key: crypto.createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
const said = JSON.parse(Buffer.from(claims, 'base64url'));
if (!good || said.aud !== 'https://push.example.net') throw new Error('the VAPID token does not verify');

console.log(`http_ece ${require('http_ece/package.json').version} opened what libs/providers/WebPush sealed, byte for byte: messages of ${sizes.join(', ')} bytes, and none that was damaged.`);
console.log(`Node ${process.version} verified the VAPID token of libs/providers/WebPush for its origin.`);
