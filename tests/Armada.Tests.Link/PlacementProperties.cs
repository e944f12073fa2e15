using Armada.Mqtt;
using Armada.Testing.Logging;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Link;

/// <summary>Where filters go, over random histories of subscribing and unsubscribing.</summary>
public sealed class PlacementProperties
{
    private const int MostLinks = 3;
    private const int Places = MostLinks * LinkPool.SubscriptionsPerLink;
    private const int Filters = Places + 30;

    /// <summary>One step in so many unsubscribes; the others fill the pool.</summary>
    private const int Actions = 10;

    [Fact]
    public void Every_filter_is_on_one_link_the_first_with_room_and_no_link_has_too_many()
    {
        using var logs = new FailOnLoggedErrors();
        var sawFull = false;
        Prop.ForAll(
                Arb.From(Gen.Choose(0, 600).SelectMany(length => Gen.Choose(0, (Actions * Filters) - 1).ArrayOf(length)), Shorter),
                steps => Follow(steps, logs.For<LinkPool>(), ref sawFull))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(100));
        Assert.True(sawFull, "the pool was never full");
    }

    private static bool Follow(int[] steps, ILogger<LinkPool> logger, ref bool sawFull)
    {
        var links = new List<RecordingLink>();
        var pool = new LinkPool(
            index =>
            {
                Assert.Equal(links.Count, index);
                Assert.All(links, link => Assert.Equal(LinkPool.SubscriptionsPerLink, link.Filters.Length));
                links.Add(new());
                return links[^1];
            },
            logger,
            MostLinks);
        var subscribed = new HashSet<string>();
        foreach (var step in steps)
        {
            var filter = $"armada/v1/{step % Filters}/state";
            if (step >= Filters) Subscribe(filter, ref sawFull);
            else
            {
                pool.Unsubscribe(filter);
                subscribed.Remove(filter);
            }
            Assert.True(subscribed.SetEquals(links.SelectMany(link => link.Filters)), "the links have other filters than were subscribed to");
            Assert.Equal(subscribed.Count, links.Sum(link => link.Filters.Length));
            Assert.All(links, link => Assert.InRange(link.Filters.Length, 0, LinkPool.SubscriptionsPerLink));
            Assert.Equal(subscribed.Count, pool.Subscriptions);
            Assert.Equal(links.Count, pool.Links);
        }
        return links.Count <= MostLinks;

        void Subscribe(string filter, ref bool sawFull)
        {
            if (subscribed.Contains(filter)) return;
            var firstWithRoom = links.FindIndex(link => link.Filters.Length < LinkPool.SubscriptionsPerLink);
            var isTaken = pool.TrySubscribe(filter, Delivery.Sample, (_, _) => { });
            Assert.Equal(subscribed.Count < Places, isTaken);
            sawFull |= !isTaken;
            if (!isTaken) return;
            subscribed.Add(filter);
            Assert.Contains(filter, links[firstWithRoom < 0 ? ^1 : firstWithRoom].Filters);
        }
    }

    private static IEnumerable<int[]> Shorter(int[] steps)
    {
        for (var part = steps.Length; part > 0; part /= 2)
        {
            for (var at = 0; at + part <= steps.Length; at += part) yield return [.. steps[..at], .. steps[(at + part)..]];
        }
    }
}
