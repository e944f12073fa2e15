using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Armada.Tests.Cluster.Wire;

/// <summary>A value in words, down to each bit of each member; two values are the same where the words are.</summary>
internal static class Described
{
    public static string Of(object? value)
    {
        var text = new StringBuilder();
        Append(text, value);
        return text.ToString();
    }

    private static void Append(StringBuilder text, object? value)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case string:
                text.Append(CultureInfo.InvariantCulture, $"\"{value}\"");
                break;
            case double number:
                text.Append(CultureInfo.InvariantCulture, $"{number}:{BitConverter.DoubleToInt64Bits(number):x}");
                break;
            case Enum:
                text.Append(((Enum)value).ToString("d"));
                break;
            case IFormattable when value.GetType() is { IsPrimitive: true } or { Namespace: "System" }:
                text.Append(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture));
                break;
            case bool:
                text.Append(value);
                break;
            case IEnumerable when value.GetType().GetProperty("IsDefault") is { } isDefault && true.Equals(isDefault.GetValue(value)):
                text.Append("default");
                break;
            case IEnumerable elements:
                AppendAll(text, elements);
                break;
            default:
                AppendMembers(text, value);
                break;
        }
    }

    private static void AppendAll(StringBuilder text, IEnumerable elements)
    {
        text.Append('[');
        foreach (var element in elements)
        {
            Append(text, element);
            text.Append(' ');
        }

        text.Append(']');
    }

    private static void AppendMembers(StringBuilder text, object value)
    {
        text.Append(value.GetType().Name).Append('{');
        foreach (var property in value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetIndexParameters().Length > 0)
                continue;
            text.Append(property.Name).Append('=');
            Append(text, property.GetValue(value));
            text.Append(' ');
        }

        text.Append('}');
    }
}
