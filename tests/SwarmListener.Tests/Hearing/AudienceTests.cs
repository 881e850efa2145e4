using Sotto.Session;
using Sotto.TestSupport;
using SwarmListener.Hearing;
using SwarmListener.Monitoring;
using SwarmListener.Nodes;

namespace SwarmListener.Tests.Hearing;

public sealed class AudienceTests
{
    private static readonly AccountId Account = Accounts.At(10);

    private ManualTimeProvider _clock = null!;
    private OwnedAccounts _accounts = null!;
    private Audience _audience = null!;

    [SetUp]
    public void Arrange()
    {
        _clock = new ManualTimeProvider();
        _accounts = new OwnedAccounts();
        _accounts.Install(0, Accounts.TableOf(Account));
        _audience = new Audience(_accounts, _clock);
        _audience.Arrange(new SwarmMap([10, 1000]), _clock.GetUtcNow());
    }

    [Test]
    public void A_node_of_the_accounts_swarm_is_believed() => Assert.That(Judge(new Recent<ulong>(10)), Is.EqualTo(Refusal.None));

    [Test]
    public void A_node_of_another_swarm_is_not_believed() => Assert.That(Judge(new Recent<ulong>(1000)), Is.EqualTo(Refusal.ForeignNode));

    [Test]
    public void An_account_that_is_not_ours_is_refused_whoever_speaks_of_it() =>
        Assert.That(_audience.Judge(new Recent<ulong>(10), Accounts.At(11)), Is.EqualTo(Refusal.ForeignAccount));

    [Test]
    public void A_node_that_moved_away_is_believed_while_it_remembers_what_it_was_asked()
    {
        var swarms = new Recent<ulong>(10).Then(1000, _clock.GetUtcNow() + Audience.Memory);
        Assert.That(Judge(swarms), Is.EqualTo(Refusal.None));

        _clock.Advance(Audience.Memory);
        Assert.That(Judge(swarms), Is.EqualTo(Refusal.ForeignNode));
    }

    [Test]
    public void The_former_swarm_of_an_account_is_believed_while_it_remembers_what_it_was_asked()
    {
        _audience.Arrange(new SwarmMap([9, 1000]), _clock.GetUtcNow());
        Assert.That(Judge(new Recent<ulong>(10)), Is.EqualTo(Refusal.None));

        _clock.Advance(Audience.Memory);
        Assert.That(Judge(new Recent<ulong>(10)), Is.EqualTo(Refusal.ForeignNode));
        Assert.That(Judge(new Recent<ulong>(9)), Is.EqualTo(Refusal.None));
    }

    private Refusal Judge(Recent<ulong> swarms) => _audience.Judge(swarms, Account);
}
