using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Armada.Silo.Identities;

namespace Armada.Silo.Provisioning;

/// <summary>A bundle that waits to be collected. It does not show its secret.</summary>
/// <param name="device">Whose it is.</param>
/// <param name="fingerprint">Of the certificate in it.</param>
/// <param name="bundle">The archive.</param>
/// <param name="expiresAt">Until when it waits.</param>
/// <param name="secret">The last part of the link.</param>
internal sealed class BundleLink(string device, string fingerprint, Bundle bundle, DateTimeOffset expiresAt, string secret)
{
    /// <summary>Whose it is.</summary>
    public string Device { get; } = device;

    /// <summary>Of the certificate in it.</summary>
    public string Fingerprint { get; } = fingerprint;

    /// <summary>The archive.</summary>
    public Bundle Bundle { get; } = bundle;

    /// <summary>Until when it waits.</summary>
    public DateTimeOffset ExpiresAt { get; } = expiresAt;

    /// <summary>The last part of the link; whoever has it gets the bundle.</summary>
    public string Secret() => secret;

    /// <inheritdoc/>
    public override string ToString() => $"bundle of {Device}";
}

/// <summary>
/// Bundles that wait to be collected, in memory alone: a key that was made here is nowhere else, and a restart forgets it. One for each
/// device.
/// </summary>
internal sealed class BundleLinks(TimeProvider time)
{
    /// <summary>How long a bundle waits.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(1);

    private const int SecretBytes = 32; // 256 bits, beyond any guessing.

    private readonly Lock sync = new();
    private readonly Dictionary<string, BundleLink> byDevice = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BundleLink> byHash = new(StringComparer.Ordinal);

    /// <summary>The link that waits for a device's certificate, or null.</summary>
    public BundleLink? Find(string device, string? fingerprint)
    {
        lock (sync)
        {
            Sweep();
            return byDevice.TryGetValue(device, out var link) && link.Fingerprint == fingerprint ? link : null;
        }
    }

    /// <summary>Lets a bundle wait; the one before it of the device waits no longer.</summary>
    public BundleLink Add(string device, string fingerprint, Bundle bundle)
    {
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        var link = new BundleLink(device, fingerprint, bundle, time.GetUtcNow() + Life, secret);
        lock (sync)
        {
            Sweep();
            Remove(device);
            Put(link);
        }

        return link;
    }

    /// <summary>Takes a bundle; a second time there is none.</summary>
    public BundleLink? Take(string secret)
    {
        lock (sync)
        {
            Sweep();
            if (!byHash.TryGetValue(Hash(secret), out var link))
                return null;
            Remove(link.Device);
            return link;
        }
    }

    /// <summary>Puts a bundle back that could not be handed out, unless a newer one of the device waits.</summary>
    public void Return(BundleLink link)
    {
        lock (sync)
        {
            if (!byDevice.ContainsKey(link.Device))
                Put(link);
        }
    }

    /// <summary>Lets a device's bundle wait no longer.</summary>
    public void Drop(string device)
    {
        lock (sync)
            Remove(device);
    }

    // Found by hash, so that the time of a search tells nothing of a secret.
    private static string Hash(string secret) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private void Put(BundleLink link)
    {
        byDevice[link.Device] = link;
        byHash[Hash(link.Secret())] = link;
    }

    private void Remove(string device)
    {
        if (byDevice.Remove(device, out var link))
            byHash.Remove(Hash(link.Secret()));
    }

    private void Sweep()
    {
        var now = time.GetUtcNow();
        foreach (var link in byDevice.Values.Where(link => link.ExpiresAt <= now).ToArray())
            Remove(link.Device);
    }
}
