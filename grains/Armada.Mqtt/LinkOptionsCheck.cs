using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Armada.Mqtt;

/// <summary>Finds at start what would otherwise fail at the first connection, with less to say.</summary>
public static class LinkOptionsCheck
{
    /// <summary>Throws where no link can be made with these options.</summary>
    /// <exception cref="LinkConfigurationException">Names the option or file and what to do.</exception>
    public static void Check(LinkOptions options)
    {
        Require(options.ClientId.Length > 0, "ClientId is empty; give the device's or the silo's name.");
        Require(Encoding.UTF8.GetByteCount(options.ClientId) <= TopicFilter.MostBytes, "ClientId is longer than 65535 bytes.");
        Require(options.Host.Length > 0, "Host is empty; give the broker's name or address.");
        Require(options.Port is > 0 and <= 65_535, $"Port {options.Port} is not between 1 and 65535.");
        Require(options.KeepAlive.TotalSeconds is >= 5 and <= 65_535, $"KeepAlive {options.KeepAlive} is not between 5 s and 65535 s.");
        Require(options.BackOffFirst > TimeSpan.Zero, $"BackOffFirst {options.BackOffFirst} is not above zero.");
        Require(
            options.BackOffMost >= options.BackOffFirst,
            $"BackOffMost {options.BackOffMost} is shorter than BackOffFirst {options.BackOffFirst}.");
        Require(options.ControlBacklog > 0, $"ControlBacklog {options.ControlBacklog} is not above zero.");
        if (options.Will is { } will)
        {
            Require(IsTopic(will.Topic), $"The last will's topic '{will.Topic}' is empty or has a wildcard in it.");
            Require(will.Payload.Length <= 65_535, "The last will's payload is longer than 65535 bytes.");
        }
        if (options.Tls is { } tls) Check(tls);
    }

    /// <summary>Whether one can publish on it: not empty, no wildcard, no zero.</summary>
    public static bool IsTopic(string topic) =>
        topic.Length > 0 && topic.AsSpan().IndexOfAny('+', '#', '\0') < 0 && Encoding.UTF8.GetByteCount(topic) <= TopicFilter.MostBytes;

    private static void Check(LinkTls tls)
    {
        Read("CA file", tls.CaFile, file =>
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(file);
            Require(authorities.Count > 0, $"CA file '{file}' holds no PEM certificate.");
            foreach (var authority in authorities) authority.Dispose();
        });
        Require(
            tls.CertificateFile is null == tls.KeyFile is null,
            "CertificateFile and KeyFile go together; one is set and the other is not.");
        if (tls is not { CertificateFile: { } certificateFile, KeyFile: { } keyFile }) return;
        Read("key file", keyFile, static _ => { });
        Read("certificate file", certificateFile, file => X509Certificate2.CreateFromPemFile(file, keyFile).Dispose());
    }

    private static void Read(string what, string file, Action<string> read)
    {
        try
        {
            using (File.OpenRead(file))
            {
            }
            read(file);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new LinkConfigurationException($"The {what} '{file}' cannot be read: {fault.Message}", fault);
        }
        catch (CryptographicException fault)
        {
            throw new LinkConfigurationException(
                $"The {what} '{file}' is no PEM file, is encrypted, or does not belong to its key: {fault.Message}", fault);
        }
    }

    private static void Require(bool holds, string message)
    {
        if (!holds) throw new LinkConfigurationException(message);
    }
}
