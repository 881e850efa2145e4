using System.Text;
using Sotto.Sodium;
using Sotto.TestSupport;

namespace Vectors.Tests.Session;

public sealed class SignatureVectorTests
{
    private static IEnumerable<TestCaseData> Requests => VectorFolder.Cases("session", "signatures.json", "cases");

    private static IEnumerable<TestCaseData> Keys => VectorFolder.Cases(
        "session", "signatures.json", "keys", root => root.GetProperty("keys").EnumerateObject().Select(key => key.Value));

    [TestCaseSource(nameof(Requests))]
    public void A_signed_request_is_judged_as_the_reference_judges_it(VectorCase vector)
    {
        var request = SignedRequest.Of(vector.Json.GetProperty("request_fields"), vector.Json.Text("kind") == "monitor");
        var isGood = vector.Json.Text("expect") == "ok";

        Assert.That(request.Signature, Is.EqualTo(vector.Json.Hex("signature_hex")));
        Assert.That(request.Verify(vector.Root.GetProperty("now").GetInt64()) is null, Is.EqualTo(isGood));
        if (isGood)
            Assert.That(Encoding.ASCII.GetString(request.SignedText), Is.EqualTo(vector.Json.Text("signed_string")));
    }

    [TestCaseSource(nameof(Keys))]
    public void A_key_pair_grows_from_its_seed(VectorCase vector)
    {
        if (vector.Json.HexOrNull("ed25519_seed") is not { } seed)
            return;

        var (publicKey, secretKey) = (new byte[Ed25519.PublicKeySize], new byte[Ed25519.SecretKeySize]);
        Ed25519.KeyPairFromSeed(seed, publicKey, secretKey);

        Assert.That(publicKey, Is.EqualTo(vector.Json.Hex("ed25519_pub")));
    }
}
