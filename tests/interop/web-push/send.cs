#:project ../../../libs/providers/WebPush/WebPush.csproj
#:property RunAnalyzers=false
#:property RestorePackagesWithLockFile=false
#:property PublishAot=false
// Encrypts for one receiver as WebPushSender does: dotnet run send.cs -- P256DH AUTH SIZE... prints a line of base64url for each size, then the Authorization header.
using System.Buffers.Text;
using System.Security.Cryptography;
using Sotto.WebPush;

const string Endpoint = "https://push.example.net/p/abc";

if (WebPushSubscription.TryCreate(Endpoint, args[0], args[1], new EndpointRules(), out var receiver) is { } wrong)
{
    Console.Error.WriteLine(wrong);
    return 1;
}

foreach (var size in args[2..])
{
    var plaintext = Enumerable.Range(0, int.Parse(size, System.Globalization.CultureInfo.InvariantCulture)).Select(i => (byte)i).ToArray();
    Console.WriteLine(Base64Url.EncodeToString(ContentEncryption.Encrypt(receiver!, plaintext)));
}

using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
using var signer = new VapidSigner(key.ExportPkcs8PrivateKeyPem(), "mailto:operator@example.org", TimeProvider.System);
Console.WriteLine(signer.AuthorizationFor(receiver!.Endpoint));
return 0;
