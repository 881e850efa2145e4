using System.Globalization;
using System.Text;
using Sotto.FakeProvider;

namespace Sotto.FakeWebPush;

/// <summary>What can be wrong with a message.</summary>
internal enum Complaint
{
    NoSuchPath,
    WrongMethod,
    Gone,
    NeverIssued,
    TooMany,
    NoTtl,
    BadTtl,
    BadTopic,
    BadUrgency,
    BadEncoding,
    TooLarge,
    NoVapid,
    BadVapid,
    OtherKey,
}

/// <summary>A refusal in the words of each push service (providers.md sections 7.3, 7.5 and 8.1).</summary>
internal static class PushRefusal
{
    // How long a caller of a busy service is told to wait, in seconds.
    private const string BusySeconds = "60";

    private const string GoogleMismatch = "the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.";

    public static Verdict Of(Complaint complaint, PushServiceStyle style)
    {
        var (status, body, type) = style switch
        {
            PushServiceStyle.Mozilla => Mozilla(complaint),
            PushServiceStyle.Apple => (Apple(complaint).Status, $$"""{"reason":"{{Apple(complaint).Reason}}"}""", "application/json"),
            PushServiceStyle.Google => (Plain(complaint), complaint == Complaint.OtherKey ? GoogleMismatch : "", "text/plain"),
            PushServiceStyle.Edge => (complaint == Complaint.TooMany ? 406 : Plain(complaint), "", null),
            PushServiceStyle.Ntfy => Ntfy(complaint),
            _ => (Plain(complaint), "", (string?)null),
        };
        return new()
        {
            Status = status,
            Reason = complaint.ToString(),
            Body = Encoding.UTF8.GetBytes(body),
            ContentType = type,
            Headers = complaint == Complaint.TooMany ? [new("Retry-After", BusySeconds)] : [],
        };
    }

    private static int Plain(Complaint complaint) => complaint switch
    {
        Complaint.NoSuchPath or Complaint.NeverIssued => 404,
        Complaint.WrongMethod => 405,
        Complaint.Gone => 410,
        Complaint.TooMany => 429,
        Complaint.BadEncoding => 415,
        Complaint.TooLarge => 413,
        Complaint.NoVapid => 401,
        Complaint.BadVapid or Complaint.OtherKey => 403,
        _ => 400,
    };

    private static (int Status, string Body, string? Type) Mozilla(Complaint complaint)
    {
        var (status, errno, error) = complaint switch
        {
            Complaint.NoSuchPath or Complaint.NeverIssued => (404, 102, "Not Found"),
            Complaint.WrongMethod => (405, 0, "Method Not Allowed"),
            Complaint.Gone => (410, 106, "Gone"),
            Complaint.TooMany => (429, 201, "Too Many Requests"),
            Complaint.NoTtl => (400, 111, "Bad Request"),
            Complaint.BadTtl => (400, 112, "Bad Request"),
            Complaint.BadTopic => (400, 113, "Bad Request"),
            Complaint.BadUrgency or Complaint.BadEncoding => (400, 110, "Bad Request"),
            Complaint.TooLarge => (413, 104, "Payload Too Large"),
            _ => (401, 109, "Unauthorized"),
        };
        var text = string.Create(CultureInfo.InvariantCulture, $$"""{"code":{{status}},"errno":{{errno}},"error":"{{error}}","message":"{{complaint}}","more_info":"http://autopush.readthedocs.io/"}""");
        return (status, text, "application/json");
    }

    private static (int Status, string Reason) Apple(Complaint complaint) => complaint switch
    {
        Complaint.Gone => (410, "Unregistered"),
        Complaint.NeverIssued or Complaint.NoSuchPath => (404, "BadPath"),
        Complaint.WrongMethod => (405, "MethodNotAllowed"),
        Complaint.TooMany => (429, "TooManyRequests"),
        Complaint.NoTtl or Complaint.BadTtl => (400, "BadTTL"),
        Complaint.BadTopic => (400, "BadWebPushTopic"),
        Complaint.BadUrgency => (400, "BadUrgency"),
        Complaint.BadEncoding => (400, "BadContentEncoding"),
        Complaint.TooLarge => (413, "PayloadTooLarge"),
        Complaint.OtherKey => (400, "VapidPkHashMismatch"),
        _ => (403, "BadJwtToken"),
    };

    private static (int Status, string Body, string? Type) Ntfy(Complaint complaint)
    {
        var status = Plain(complaint);
        var code = complaint == Complaint.TooMany ? 42908 : status * 100 + 1;
        return (status, string.Create(CultureInfo.InvariantCulture, $$"""{"code":{{code}},"http":{{status}},"error":"{{complaint}}"}"""), "application/json");
    }
}
