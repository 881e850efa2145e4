using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;
using Sotto.Ledger;

namespace Ledger.Tests;

/// <summary>A checker that finds nothing proves nothing: each kind of trouble is planted and must be told.</summary>
public sealed class LedgerCheckerTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Allowed = TimeSpan.FromSeconds(1);

    [Test]
    public void Books_in_which_every_push_was_taken_once_hold()
    {
        var books = Run(pushes: 100);

        var verdict = LedgerChecker.Check(books, Allowed);

        Assert.That(verdict.Holds(duplicatesAllowed: 0), Is.True);
        Assert.That(verdict, Has.Property(nameof(Verdict.Accepted)).EqualTo(100).And.Property(nameof(Verdict.Delivered)).EqualTo(100));
    }

    [Test]
    public void A_push_of_which_nothing_is_known_is_lost_and_named()
    {
        var books = Run(pushes: 10);
        books.Accept(new PushKey("phone 3", "missing"), Noon);

        var verdict = LedgerChecker.Check(books, Allowed);

        Assert.That(verdict.Lost, Is.EqualTo(1));
        Assert.That(verdict.LostKeys, Is.EqualTo(new[] { new PushKey("phone 3", "missing") }));
        Assert.That(verdict.Holds(duplicatesAllowed: 100), Is.False);
    }

    [Test]
    public void A_push_taken_twice_is_one_duplicate()
    {
        var books = Run(pushes: 10);
        books.Take("phone 3", "message 3", Noon);

        var verdict = LedgerChecker.Check(books, Allowed);

        Assert.That(verdict, Has.Property(nameof(Verdict.Duplicated)).EqualTo(1).And.Property(nameof(Verdict.Delivered)).EqualTo(10));
        Assert.That(verdict.Holds(duplicatesAllowed: 0), Is.False);
        Assert.That(verdict.Holds(duplicatesAllowed: 1), Is.True);
    }

    [TestCase("phone 4", "message 3")]
    [TestCase("phone 4", null)]
    [TestCase("stranger", "message 3")]
    public void A_push_that_reached_another_phone_is_misdirected(string device, string? message)
    {
        var books = Run(pushes: 10);
        books.Take(device, message, Noon);

        var verdict = LedgerChecker.Check(books, Allowed);

        Assert.That(verdict.Misdirected, Is.EqualTo(1));
        Assert.That(verdict.Holds(duplicatesAllowed: 100), Is.False);
    }

    [TestCase(0, 0)]
    [TestCase(1, 0)]
    [TestCase(2, 1)]
    public void A_push_taken_after_its_expiry_is_late(int secondsAfterExpiry, int late)
    {
        var books = new Books();
        books.Accept(new PushKey("phone", "message"), Noon, expiresAt: Noon);
        books.Take("phone", "message", Noon.AddSeconds(secondsAfterExpiry));

        Assert.That(LedgerChecker.Check(books, Allowed).Late, Is.EqualTo(late));
    }

    [TestCase(EndingKind.Expired, nameof(Verdict.Expired))]
    [TestCase(EndingKind.Superseded, nameof(Verdict.Superseded))]
    [TestCase(EndingKind.DeadLettered, nameof(Verdict.DeadLettered))]
    [TestCase(EndingKind.Waiting, nameof(Verdict.Waiting))]
    public void A_push_that_ended_otherwise_is_not_lost(EndingKind kind, string count)
    {
        var books = new Books();
        books.Accept(new PushKey("phone", "message"), Noon);
        books.End(new PushKey("phone", "message"), kind);

        var verdict = LedgerChecker.Check(books, Allowed);

        Assert.That(verdict, Has.Property(count).EqualTo(1).And.Property(nameof(Verdict.Lost)).Zero);
    }

    [Test]
    public void A_provider_that_took_a_push_outweighs_what_else_is_said_of_it()
    {
        var books = Run(pushes: 1);
        books.End(new PushKey("phone 0", "message 0"), EndingKind.Expired);

        Assert.That(LedgerChecker.Check(books, Allowed), Has.Property(nameof(Verdict.Delivered)).EqualTo(1).And.Property(nameof(Verdict.Expired)).Zero);
    }

    [Test]
    public void A_push_that_was_not_promised_but_may_come_is_not_misdirected_and_not_counted()
    {
        var books = Run(pushes: 1);
        books.Permit(new PushKey("phone 0", "told while nobody listened"));
        books.Take("phone 0", "told while nobody listened", Noon);

        var verdict = LedgerChecker.Check(books, Allowed);

        Assert.That(verdict, Has.Property(nameof(Verdict.Misdirected)).Zero.And.Property(nameof(Verdict.Accepted)).EqualTo(1).And.Property(nameof(Verdict.Delivered)).EqualTo(1));
        Assert.That(verdict.Balances, Is.True);
    }

    [TestCase(-1, 0)]
    [TestCase(1, 1)]
    public void Who_calls_a_push_expired_before_its_time_has_lost_it(int secondsLeft, int lost)
    {
        var books = new Books();
        books.Accept(new PushKey("phone", "message"), Noon, expiresAt: Noon.AddSeconds(secondsLeft));
        books.End(new PushKey("phone", "message"), EndingKind.Expired, at: Noon);

        Assert.That(LedgerChecker.Check(books, Allowed).Lost, Is.EqualTo(lost));
        Assert.That(LedgerChecker.Check(books, Allowed, hasteAllowed: TimeSpan.FromSeconds(1)).Lost, Is.Zero);
    }

    [Test]
    public void A_push_without_an_expiry_cannot_expire()
    {
        var books = new Books();
        books.Accept(new PushKey("phone", "message"), Noon);
        books.End(new PushKey("phone", "message"), EndingKind.Expired, at: Noon);

        Assert.That(LedgerChecker.Check(books, Allowed, hasteAllowed: TimeSpan.FromDays(1)).Lost, Is.EqualTo(1));
    }

    [TestCase(null, 0)]
    [TestCase("apns", 0)]
    [TestCase("huawei", 1)]
    public void A_crash_between_two_handovers_excuses_the_second_of_a_push_that_it_touches(string? touched, int unexcused)
    {
        var books = Twice(secondsBetween: 10);
        books.Disturb(Noon.AddSeconds(4), Noon.AddSeconds(5), touched);

        Assert.That(LedgerChecker.Check(books, Allowed), Has.Property(nameof(Verdict.Unexcused)).EqualTo(unexcused).And.Property(nameof(Verdict.Duplicated)).EqualTo(1));
    }

    [TestCase(-2, -1)]
    [TestCase(11, 12)]
    public void A_crash_before_or_after_both_handovers_excuses_nothing(int from, int until)
    {
        var books = Twice(secondsBetween: 10);
        books.Disturb(Noon.AddSeconds(from), Noon.AddSeconds(until));

        Assert.That(LedgerChecker.Check(books, Allowed).Balances, Is.False);
    }

    [TestCase(29, 0)]
    [TestCase(31, 1)]
    public void A_crash_long_after_a_handover_excuses_no_copy_of_it(int secondsAfter, int unexcused)
    {
        var books = Twice(secondsBetween: 60);
        books.Disturb(Noon.AddSeconds(secondsAfter), Noon.AddSeconds(secondsAfter + 1));

        Assert.That(LedgerChecker.Check(books, Allowed).Unexcused, Is.EqualTo(unexcused));
        Assert.That(LedgerChecker.Check(books, Allowed, inFlightMax: TimeSpan.FromSeconds(45)).Unexcused, Is.Zero);
    }

    [TestCase("apns", 0)]
    [TestCase("huawei", 1)]
    public void A_sender_whose_clock_was_wrong_at_that_time_is_not_late(string sender, int late)
    {
        var books = new Books();
        books.Accept(new PushKey("phone", "message"), Noon, expiresAt: Noon);
        books.Take("phone", "message", Noon.AddSeconds(30), "apns");
        books.Delay(Noon.AddSeconds(20), Noon.AddSeconds(40), sender);

        Assert.That(LedgerChecker.Check(books, Allowed).Late, Is.EqualTo(late));
    }

    [Test]
    public void One_crash_excuses_one_repetition_of_a_push()
    {
        var books = Twice(secondsBetween: 10);
        books.Take("phone", "message", Noon.AddSeconds(10), "apns");
        books.Disturb(Noon.AddSeconds(4), Noon.AddSeconds(20));

        Assert.That(LedgerChecker.Check(books, Allowed).Unexcused, Is.EqualTo(1));
    }

    [Test]
    public void A_lost_answer_excuses_the_next_handover_of_that_push_alone()
    {
        var books = new Books();
        books.Accept(new PushKey("phone", "message"), Noon);
        books.Take("phone", "message", Noon, "apns", answerLost: true);
        books.Take("phone", "message", Noon.AddSeconds(1), "apns");
        Assert.That(LedgerChecker.Check(books, Allowed).Unexcused, Is.Zero);

        books.Take("phone", "message", Noon.AddSeconds(2), "apns");

        Assert.That(LedgerChecker.Check(books, Allowed).Unexcused, Is.EqualTo(1));
    }

    [Test]
    public void Every_accepted_push_is_in_exactly_one_column() =>
        Prop.ForAll((int[] fates) =>
        {
            var books = new Books();
            foreach (var (fate, i) in fates.Select((fate, i) => (Math.Abs(fate % 6), i)))
            {
                var key = new PushKey("phone", $"message {i}");
                books.Accept(key, Noon);
                if (fate < 4)
                    books.End(key, (EndingKind)fate);
                else if (fate == 4)
                    books.Take(key.Device, key.Message, Noon);
            }

            var verdict = LedgerChecker.Check(books, Allowed);
            return verdict.Accepted == fates.Length
                && verdict.Delivered + verdict.Expired + verdict.Superseded + verdict.DeadLettered + verdict.Waiting + verdict.Lost == fates.Length;
        }).QuickCheckThrowOnFailure();

    private static Books Twice(int secondsBetween)
    {
        var books = new Books();
        books.Accept(new PushKey("phone", "message"), Noon);
        books.Take("phone", "message", Noon, "apns");
        books.Take("phone", "message", Noon.AddSeconds(secondsBetween), "apns");
        return books;
    }

    private static Books Run(int pushes)
    {
        var books = new Books();
        for (var i = 0; i < pushes; i++)
        {
            books.Accept(new PushKey($"phone {i}", $"message {i}"), Noon);
            books.Take($"phone {i}", $"message {i}", Noon.AddMilliseconds(5));
        }

        return books;
    }
}
