using System.Buffers.Binary;
using System.Text;
using Sotto.Session;
using Sotto.Sodium;

namespace SwarmListener.Hearing;

/// <summary>Names one message of one account; equal for all copies of it.</summary>
internal readonly record struct MessageKey(ulong High, ulong Low)
{
    /// <inheritdoc/>
    // Both halves are random already.
    public override int GetHashCode() => (int)Low;
}

/// <summary>
/// Recognises the copies of a message that the other members of its swarm send. Two sets: when the present one is old or full it becomes the former
/// one, and the former is forgotten; so a message is remembered for one to two times the window, or for as long as the bound allows.
/// </summary>
/// <remarks>
/// Thread-safe. Only a help: the Encryptor recognises every copy, across restarts and instances. A message is remembered from when it is taken over
/// until publishing fails for good (<see cref="Forget"/>), so a copy is dropped only while another is published or on its way. The first copy decides
/// (session-v2 section 5.9): one that comes with data after one without is dropped too.
/// </remarks>
internal sealed class DuplicateFilter
{
    private readonly Lock _gate = new();
    private readonly byte[] _secret = new byte[32];
    private readonly TimeSpan _window;
    private readonly int _messagesMax;
    private readonly TimeProvider _clock;
    private HashSet<MessageKey> _present = [];
    private HashSet<MessageKey> _former = [];
    private long _presentSince;

    public DuplicateFilter(SwarmSettings settings, TimeProvider clock)
    {
        (_window, _messagesMax, _clock) = (TimeSpan.FromSeconds(settings.DuplicateWindowSeconds), settings.DuplicatesMax, clock);
        // A node that could foresee keys could make two messages look alike.
        RandomSource.Fill(_secret);
        _presentSince = clock.GetTimestamp();
    }

    /// <summary>Messages remembered.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _present.Count + _former.Count;
        }
    }

    /// <summary>
    /// The name of a message. The namespace is part of it, since devices are matched by it afterwards: a hash that comes in a namespace that nobody wants must not hide it in another
    /// (session-v2 section 5.9 counts a hash only for the devices that it matches). So is the expiry: a member that says falsely that the message has expired must not hide what the others say.
    /// </summary>
    public MessageKey KeyOf(in AccountId account, short @namespace, string hash, long expiryMilliseconds)
    {
        const int HashAt = AccountId.Size + sizeof(short) + sizeof(long);
        Span<byte> text = stackalloc byte[HashAt + NotifyMessage.HashLengthMax];
        account.Bytes.CopyTo(text);
        BinaryPrimitives.WriteInt16LittleEndian(text[AccountId.Size..], @namespace);
        BinaryPrimitives.WriteInt64LittleEndian(text[(AccountId.Size + sizeof(short))..], expiryMilliseconds);
        var length = HashAt + Encoding.ASCII.GetBytes(hash, text[HashAt..]);
        Span<byte> key = stackalloc byte[Blake2b.HashSizeMin];
        Blake2b.Hash(_secret, text[..length], key);
        return new MessageKey(BinaryPrimitives.ReadUInt64LittleEndian(key), BinaryPrimitives.ReadUInt64LittleEndian(key[8..]));
    }

    /// <summary>Remembers a message. False when it is remembered already: this is a copy.</summary>
    public bool TryAdd(MessageKey key)
    {
        lock (_gate)
        {
            if (_present.Count >= _messagesMax || _clock.GetElapsedTime(_presentSince) >= _window)
                Rotate();
            return !_former.Contains(key) && _present.Add(key);
        }
    }

    /// <summary>Forgets a message that was not published after all, so that the next copy is taken.</summary>
    public void Forget(MessageKey key)
    {
        lock (_gate)
        {
            _present.Remove(key);
            _former.Remove(key);
        }
    }

    private void Rotate()
    {
        // What is older than two windows must go, however long nobody called.
        var isStale = _clock.GetElapsedTime(_presentSince) >= 2 * _window;
        (_former, _present) = (_present, _former);
        _present.Clear();
        if (isStale)
            _former.Clear();
        _presentSince = _clock.GetTimestamp();
    }
}
