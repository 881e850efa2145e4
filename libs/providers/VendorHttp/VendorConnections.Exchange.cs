using System.Net.Http.Headers;
using System.Security.Authentication;

namespace Sotto.VendorHttp;

public sealed partial class VendorConnections
{
    /// <summary>One request on one connection, with its two clocks: until it is written, and from then until it is answered.</summary>
    private sealed class Exchange(VendorConnections owner, VendorConnection connection, VendorRequest request) : IDisposable
    {
        private readonly CancellationTokenSource _timeout = new(Timeout.InfiniteTimeSpan, owner._clock);
        private int _written;

        // Decided once: a timer may fire a moment before the instant that it was set for.
        private bool _endsWithWorth;

        public async Task<VendorAnswer> RunAsync(CancellationToken cancellationToken)
        {
            if (Patience() is not { } patience)
                return Silent(Silences.TooLate);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(_timeout.Token, cancellationToken);
            _timeout.CancelAfter(patience);
            Interlocked.Increment(ref owner._unwritten);
            var isFirst = false;
            try
            {
                isFirst = await connection.GoFirstAsync(linked.Token);
                using var message = CreateMessage();
                using var response = await connection.SendAsync(message, linked.Token);
                var body = await ReadBodyAsync(response.Content, linked.Token);
                return Heard(response, body);
            }
            catch (OperationCanceledException) when (_timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                return TimedOut();
            }
            catch (Exception e) when (e is HttpRequestException or IOException or AuthenticationException or ObjectDisposedException)
            {
                return Failed(e);
            }
            finally
            {
                if (isFirst)
                    connection.FirstIsBack();
                if (Interlocked.Exchange(ref _written, 1) == 0)
                    Interlocked.Decrement(ref owner._unwritten);
            }
        }

        public void Dispose() => _timeout.Dispose();

        // How long to wait for a connection and a stream; null when it is too late already.
        private TimeSpan? Patience()
        {
            var most = owner._options.StreamWaitMax;
            if (request.NotAfter is not { } end)
                return most;
            var left = end - owner._clock.GetUtcNow();
            _endsWithWorth = left < most;
            return left <= TimeSpan.Zero ? null : _endsWithWorth ? left : most;
        }

        private HttpRequestMessage CreateMessage()
        {
            var message = new HttpRequestMessage(HttpMethod.Post, new Uri(owner._options.Endpoint, request.Path))
            {
                Version = owner._options.HttpVersion,
                VersionPolicy = owner._options.VersionPolicy,
                Content = new TimedContent(request.Body, request.ContentType, Written),
            };
            foreach (var (name, value) in request.Headers)
                message.Headers.TryAddWithoutValidation(name, value);
            return message;
        }

        private void Written()
        {
            if (Interlocked.Exchange(ref _written, 1) != 0)
                return;
            Interlocked.Decrement(ref owner._unwritten);
            _timeout.CancelAfter(owner._options.RequestTimeout);
        }

        private VendorAnswer Heard(HttpResponseMessage response, ReadOnlyMemory<byte> body)
        {
            connection.Heard();
            owner._pace.Succeeded();
            if (response.Headers.Date is { } date)
                Interlocked.Exchange(ref owner._clockSkewTicks, (date - owner._clock.GetUtcNow()).Ticks);
            return new VendorAnswer
            {
                Status = (int)response.StatusCode,
                Body = body,
                RetryAfter = First(response.Headers, "Retry-After"),
                Headers = Wanted(response.Headers),
                Connection = connection,
            };
        }

        private IReadOnlyDictionary<string, string> Wanted(HttpResponseHeaders headers)
        {
            if (request.WantedHeaders.Count == 0)
                return VendorAnswer.NoHeaders;
            var wanted = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach (var name in request.WantedHeaders)
            {
                if (First(headers, name) is { } value)
                    wanted[name] = value;
            }

            return wanted;
        }

        private static string? First(HttpResponseHeaders headers, string name) =>
            headers.NonValidated.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

        private VendorAnswer TimedOut()
        {
            if (Volatile.Read(ref _written) == 0)
                return Silent(_endsWithWorth ? Silences.TooLate : Silences.NoStream);
            if (connection.TimedOut())
                owner.Retire(connection);
            return Silent(Silences.Timeout);
        }

        private VendorAnswer Failed(Exception e)
        {
            if (Contains<ConnectingPausedException>(e))
                return Silent(Silences.Paused);
            switch ((e as HttpRequestException)?.HttpRequestError)
            {
                case HttpRequestError.SecureConnectionError:
                    owner._pace.Failed();
                    return Silent(Silences.Tls);
                case HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.ProxyTunnelError:
                    return Silent(Silences.Unreachable);
                case HttpRequestError.VersionNegotiationError:
                    return Silent(Silences.Version);
                default:
                    return Silent(Silences.Broken) with { WasRefused = IsRefusedStream(e) };
            }
        }

        private static bool IsRefusedStream(Exception? e)
        {
            // RFC 9113 section 7: the stream was not processed in any way.
            const long RefusedStream = 7;
            for (; e is not null; e = e.InnerException)
            {
                if (e is HttpProtocolException { ErrorCode: RefusedStream })
                    return true;
            }

            return false;
        }

        private VendorAnswer Silent(string why)
        {
            var pause = owner._pace.PausedFor;
            return new VendorAnswer { Silence = why, Connection = connection, ResumesIn = pause > TimeSpan.Zero ? pause : null };
        }

        private static bool Contains<T>(Exception? e)
            where T : Exception
        {
            for (; e is not null; e = e.InnerException)
            {
                if (e is T)
                    return true;
            }

            return false;
        }

        private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContent content, CancellationToken cancellationToken)
        {
            if (content.Headers.ContentLength == 0)
                return default;
            var body = new byte[(int)Math.Min(content.Headers.ContentLength ?? VendorAnswer.BodyBytesMax, VendorAnswer.BodyBytesMax)];
            await using var stream = await content.ReadAsStreamAsync(cancellationToken);
            var length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellationToken);
            return body.AsMemory(0, length);
        }
    }
}
